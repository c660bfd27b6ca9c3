// What is saved of an edited document: the author's bytes wherever nothing was touched, and proof of it.
import { writeBlocks } from './blocks.js'
import { meansTheSame } from './meaning.js'
import { parse } from './parsing.js'
import { patch } from './patching.js'

/** @typedef {import('./parsing.js').Parsed} Parsed */
/** @typedef {import('prosemirror-model').Node} Node */
/** How much was written anew: nothing, parts of blocks, whole blocks, the lesson. @typedef {0|1|2|3} Reach */

/** @type {[Reach, (parsed: Parsed, doc: Node) => string][]} from the finest to the coarsest */
const WAYS = [
  [1, (parsed, doc) => patch(parsed, doc, false)],
  [2, (parsed, doc) => patch(parsed, doc, true)],
  [3, (_, doc) => `${writeBlocks(doc)}\n`],
]

/**
 * The Markdown of an edited document. Each way is proved by reading its result again.
 * @param {Parsed} parsed what the document was before
 * @param {Node} doc what it is now
 * @returns {{text: string, reach: Reach}|null} null where no Markdown says what the document does
 */
export function save(parsed, doc) {
  if (doc.eq(parsed.doc)) return { text: parsed.source, reach: 0 }
  for (const [reach, write] of WAYS) {
    const text = attempt(write, parsed, doc)
    if (text !== null && meansTheSame(parse(text).doc, doc)) return { text, reach }
  }
  return null
}

/** A change that cannot be placed throws, and the next, coarser way is tried. */
function attempt(write, parsed, doc) {
  try {
    return write(parsed, doc)
  } catch {
    return null
  }
}
