// The source tab: CodeMirror in a shadow root, where its styles need no leave of the page's policy.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { markdownLanguage } from '@codemirror/lang-markdown'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: [tags.link, tags.url], color: 'var(--accent)' },
  { tag: [tags.processingInstruction, tags.monospace, tags.meta], color: 'var(--ink-2)' },
])

const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--sheet)', fontSize: '.875rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace', padding: '16px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 20px 0 8px' },
  '.cm-scroller': { lineHeight: '1.6', minHeight: '320px' },
  '.cm-gutters': { backgroundColor: 'var(--sheet)', color: 'var(--ink-2)', border: 'none', paddingLeft: '8px' },
})

export class Source {
  /**
   * @param {HTMLElement} host
   * @param {string} text
   * @param {{changed(): void, label: string, markdown: boolean}} page
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
      EditorView.contentAttributes.of({ 'aria-label': page.label, spellcheck: 'true' }),
      EditorView.updateListener.of((update) => update.docChanged && page.changed()),
    ]
    if (page.markdown) extensions.push(markdownLanguage)
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

  destroy() {
    this.view.destroy()
  }
}
