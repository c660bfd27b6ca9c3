// Runs the bundle that browsers get on documents from a test: JSON in by standard input, JSON out.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const { bundle, task, documents } = JSON.parse(readFileSync(0, 'utf8'))
const { EditorState, N, TextSelection, history, parse, plainTokens, save, schema, undo } = await import(pathToFileURL(bundle).href)

/** The lesson as it is saved when nothing was done: by identity, and for a document made anew of the same nodes. */
function unchanged(source) {
  const parsed = parse(source)
  parsed.doc.check()
  return [save(parsed, parsed.doc).text, save(parsed, schema.nodeFromJSON(parsed.doc.toJSON())).text]
}

/** A word put in at up to twelve places, each by itself: what was saved. */
function words(source) {
  const parsed = parse(source)
  const places = []
  parsed.doc.descendants((node, at) => {
    const word = node.isText ? /\p{L}{3,}/u.exec(node.text) : null
    if (word) places.push([at + word.index, word[0].length, node.marks])
  })
  const step = Math.max(1, Math.floor(places.length / 12))
  return places.filter((_, i) => i % step === 0).map(([at, length, marks]) => {
    const state = EditorState.create({ doc: parsed.doc })
    const changed = state.tr.replaceWith(at, at + length, schema.text('Zebra', marks)).doc
    return save(parsed, changed)
  })
}

/** Texts that look like markup, typed in a place of their own: what is saved, and what is read again. */
function typed(text) {
  const parsed = parse('First.\n\n- item\n\n| h |\n| --- |\n| c |\n\n:::if lesson.title\nin\n:::\n')
  const places = []
  parsed.doc.descendants((node, at) => {
    if (node.isTextblock) places.push([at + 1, at + 1 + node.content.size])
  })
  return places.map(([from, to]) => {
    const doc = EditorState.create({ doc: parsed.doc }).tr.replaceWith(from, to, schema.text(text)).doc
    const saved = save(parsed, doc)
    return saved && { reach: saved.reach, same: parse(saved.text).doc.textContent === doc.textContent }
  })
}

const EDITS = [
  (state) => state.tr.insertText('Zebra '),
  (state) => state.tr.insertText(' # *x_ [a](b) {{ y }} <b> & 1. \\ | :::'),
  (state) => state.tr.addMark(...range(state), schema.marks.strong.create()),
  (state) => state.tr.addMark(...range(state), schema.marks.em.create()),
  (state) => state.tr.addMark(...range(state), schema.marks.link.create({ href: 'https://e.org/a b', title: 'a "t"' })),
  (state) => state.tr.split(state.selection.from),
  (state) => state.tr.deleteSelection(),
  (state) => state.tr.setBlockType(...range(state), N.heading, { level: 2 }),
  (state) => wrapped(state, N.blockquote),
  (state) => wrapped(state, N.directive, { name: 'takeaway' }),
  (state) => state.tr.replaceSelectionWith(N.merge_field.create({ path: 'subscriber.first_name', fallback: "it's" }), false),
  (state) => state.tr.replaceSelectionWith(N.hard_break.create()),
]
const range = (state) => /** @type {[number, number]} */ ([state.selection.from, state.selection.to])

function wrapped(state, type, attrs) {
  const around = state.selection.$from.blockRange(state.selection.$to)
  return state.tr.replaceWith(around.start, around.end, type.create(attrs, state.doc.slice(around.start, around.end).content))
}

/** Random edits in a row: what was saved of them, and what is saved when all are undone. */
function wild({ source, seed }) {
  const random = generator(seed)
  const parsed = parse(source)
  let state = EditorState.create({ doc: parsed.doc, plugins: [history()] })
  for (let k = 1 + random(3); k > 0; k--) {
    const size = state.doc.content.size
    const at = random(size + 1)
    const to = Math.min(size, at + random(20))
    state = state.apply(state.tr.setSelection(TextSelection.between(state.doc.resolve(at), state.doc.resolve(to))))
    try {
      const edited = state.apply(EDITS[random(EDITS.length)](state))
      edited.doc.check()
      state = edited
    } catch {
      continue // an edit that no editor would offer at this place
    }
  }
  const edited = save(parsed, state.doc)
  const changed = !state.doc.eq(parsed.doc)
  while (undo(state, (step) => (state = state.apply(step)))) {} // until nothing is left
  return { changed, edited, undone: save(parsed, state.doc)?.text ?? null }
}

function generator(seed) {
  return (limit) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit
}

const TASKS = { tokens: plainTokens, unchanged, words, typed, wild }
process.stdout.write(JSON.stringify(documents.map((one) => TASKS[task](one))))
