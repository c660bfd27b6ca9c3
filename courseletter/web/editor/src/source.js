// The source tab: CodeMirror in a shadow root, where its styles need no leave of the page's policy.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState, RangeSet, StateEffect, StateField } from '@codemirror/state'
import { Decoration, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: [tags.link, tags.url], color: 'var(--accent)' },
  { tag: [tags.processingInstruction, tags.monospace, tags.meta, tags.angleBracket, tags.comment], color: 'var(--ink-2)' },
  { tag: tags.tagName, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.attributeName, color: 'var(--ink-2)' },
])

// The lines that stop publishing.
/** @type {import('@codemirror/state').StateEffectType<number[]>} */
const setWrong = StateEffect.define()
const wrongLine = Decoration.line({ class: 'cm-wrong' })
const wrong = StateField.define({
  create: () => Decoration.none,
  update(marks, { changes, effects, state }) {
    for (const effect of effects) if (effect.is(setWrong)) return RangeSet.of(starts(state.doc, effect.value).map((from) => wrongLine.range(from)))
    return marks.map(changes)
  },
  provide: (field) => EditorView.decorations.from(field),
})

/** Where lines begin that are in the text, each once. */
const starts = (doc, lines) => [...new Set(lines)].filter((line) => line >= 1 && line <= doc.lines).sort((a, b) => a - b).map((line) => doc.line(line).from)

const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--sheet)', fontSize: '.875rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace', padding: '16px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 20px 0 8px' },
  '.cm-scroller': { lineHeight: '1.6', minHeight: '320px' },
  '.cm-jinja, .cm-jinja *': { color: 'var(--warn)' },
  '.cm-wrong': { backgroundColor: 'var(--bad-soft)', boxShadow: 'inset 3px 0 0 var(--bad)' },
  '.cm-gutters': { backgroundColor: 'var(--sheet)', color: 'var(--ink-2)', border: 'none', paddingLeft: '8px' },
})

export class Source {
  /**
   * @param {HTMLElement} host
   * @param {string} text
   * @param {{changed(): void, label: string, language: import('@codemirror/state').Extension}} page
   */
  constructor(host, text, page) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
    const extensions = [
      history(),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      lineNumbers(),
      EditorView.lineWrapping,
      look,
      syntaxHighlighting(colours),
      wrong,
      page.language,
      EditorView.contentAttributes.of({ 'aria-label': page.label, spellcheck: 'true' }),
      EditorView.updateListener.of((update) => update.docChanged && page.changed()),
    ]
    const state = EditorState.create({ doc: text, extensions })
    this.view = new EditorView({ state, parent: root, root })
  }

  text() {
    return this.view.state.sliceDoc()
  }

  /** @param {string} text */
  setText(text) {
    if (text === this.text()) return
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } })
  }

  /** @param {number} line counted from 1 */
  goTo(line) {
    const { doc } = this.view.state
    const { from } = doc.line(Math.max(1, Math.min(line, doc.lines)))
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
    this.view.focus()
  }

  /** Mark the lines that stop publishing. @param {number[]} lines */
  mark(lines) {
    this.view.dispatch({ effects: setWrong.of(lines) })
  }

  destroy() {
    this.view.destroy()
  }
}
