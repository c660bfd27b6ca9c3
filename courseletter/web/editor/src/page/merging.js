// Two people's versions of one lesson, merged by field and by paragraph. What both changed is a clash.
import { hunks } from '../document/differences.js'
import { parse } from '../document/parsing.js'

/** A lesson as the form holds it, by field. @typedef {Record<string, string>} Content */
/** What both changed, each in their way. @typedef {{field: string, mine: string, theirs: string}} Clash */
/** Text that is settled, or a clash. @typedef {string|Clash} Piece */
/** @typedef {{pieces: Record<string, Piece[]>, clashes: Clash[]}} Merge */

/**
 * @param {Content} base what both began from
 * @param {Content} mine
 * @param {Content} theirs
 * @returns {Merge}
 */
export function merge(base, mine, theirs) {
  /** @type {Record<string, Piece[]>} */
  const pieces = {}
  for (const field of Object.keys(mine)) {
    pieces[field] = field === 'body'
      ? mergeLists(blocks(base.body), blocks(mine.body), blocks(theirs.body), field)
      : mergeLists([base[field]], [mine[field]], [theirs[field]], field)
  }
  const clashes = Object.values(pieces).flat().filter((piece) => typeof piece !== 'string')
  return { pieces, clashes: /** @type {Clash[]} */ (clashes) }
}

/**
 * The merged lesson.
 * @param {Merge} merged
 * @param {(clash: Clash) => string} settle
 * @returns {Content}
 */
export function settled({ pieces }, settle) {
  return Object.fromEntries(Object.entries(pieces).map(([field, found]) => {
    return [field, found.reduce((text, piece) => joined(text, typeof piece === 'string' ? piece : settle(piece)), '')]
  }))
}

/** Both paragraphs, one after the other. @param {Clash} clash */
export const both = ({ mine, theirs }) => joined(theirs, mine)

/** A block that was the last one may have no empty line after it. */
function joined(before, after) {
  if (!before || !after || /\n\s*\n$/.test(before)) return before + after
  return `${before.replace(/\n?$/, '\n')}${after.startsWith('\n') ? '' : '\n'}${after}`
}

/** The source cut at its top-level blocks, the empty lines after a block being its own. */
function blocks(source) {
  const { doc, origin, lines } = parse(source)
  const starts = doc.content.content.map((block) => origin.get(block)?.map[0] ?? 0)
  starts[0] = 0
  return starts.map((start, i) => lines.slice(start, starts[i + 1]).join('\n') + (i + 1 < starts.length ? '\n' : ''))
}

/** @returns {Piece[]} */
function mergeLists(base, mine, theirs, field) {
  const [a, b] = [hunks(base, mine), hunks(base, theirs)]
  /** @type {Piece[]} */
  const out = []
  let at = 0
  while (a.length || b.length) {
    let [start, end] = [a[0], b[0]].filter(Boolean).sort((x, y) => x[0] - y[0] || x[1] - y[1])[0]
    out.push(...base.slice(at, start))
    const [own, other] = [[], []]
    // Neighbours that changed are no clash: only what overlaps is, and two insertions in one place.
    const joins = (hunk) => hunk && (hunk[0] < end || (hunk[0] === start && hunk[1] === end))
    while (joins(a[0]) || joins(b[0])) {
      const [from, to] = joins(a[0]) ? [a, own] : [b, other]
      end = Math.max(end, from[0][1])
      to.push(from.shift())
    }
    const [ours, others] = [changed(base, mine, own, start, end), changed(base, theirs, other, start, end)]
    if (!other.length || ours === others) out.push(ours)
    else if (!own.length) out.push(others)
    else out.push({ field, mine: ours, theirs: others })
    at = end
  }
  return [...out, ...base.slice(at)]
}

/** What became of base[start..end] after the hunks that lie in it. */
function changed(base, now, within, start, end) {
  const out = []
  let at = start
  for (const [from, to, first, last] of within) {
    out.push(...base.slice(at, from), ...now.slice(first, last))
    at = to
  }
  return [...out, ...base.slice(at, end)].join('')
}
