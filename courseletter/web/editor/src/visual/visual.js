// The visual editor: a ProseMirror view over a lesson's Markdown.
import { dropCursor } from 'prosemirror-dropcursor'
import { gapCursor } from 'prosemirror-gapcursor'
import { history } from 'prosemirror-history'
import { EditorState, NodeSelection, Plugin, Selection } from 'prosemirror-state'
import { tableEditing } from 'prosemirror-tables'
import { EditorView } from 'prosemirror-view'
import { parse } from '../document/parsing.js'
import { save } from '../document/saving.js'
import { N } from '../document/schema.js'
import { BoxView, ImageView } from './boxes.js'
import { keys, typing } from './keys.js'
import { slashMenu } from './menu.js'
import { cleaned } from './pasting.js'

export class Visual {
  /**
   * @param {HTMLElement} host
   * @param {string} text
   * @param {{
   *   changed(): void, moved(view: EditorView): void, dialogs: import('./menu.js').Dialogs & {files(view: EditorView, file: File): void},
   *   menu: HTMLElement, language: string,
   * }} page
   */
  constructor(host, text, page) {
    this.parsed = parse(text)
    const view = new EditorView(host, {
      state: this.state(page),
      attributes: {
        role: 'textbox', 'aria-multiline': 'true', 'aria-label': 'Lesson text', 'aria-controls': page.menu.id,
        'aria-describedby': 'body-problem', lang: page.language, dir: 'auto', spellcheck: 'true',
      },
      nodeViews: {
        directive: (node, inside, position) => new BoxView(node, inside, position),
        image: (node) => new ImageView(node),
      },
      transformPastedHTML: cleaned,
      handlePaste: (inside, event) => this.takeFile(inside, event.clipboardData, page),
      handleDrop: (inside, event) => this.takeFile(inside, /** @type {DragEvent} */ (event).dataTransfer, page),
      handleDoubleClickOn: (inside, _position, node) => this.openNode(inside, node, page),
      handleKeyDown: (inside, event) => {
        const node = inside.state.selection instanceof NodeSelection && inside.state.selection.node
        return Boolean(node) && event.key === 'Enter' && this.openNode(inside, node, page)
      },
      dispatchTransaction: (tr) => {
        view.updateState(view.state.apply(tr))
        if (tr.docChanged) page.changed()
        page.moved(view)
      },
    })
    this.view = view
    page.moved(view)
  }

  state(page) {
    return EditorState.create({
      doc: this.parsed.doc,
      plugins: [
        slashMenu(page.menu, page.dialogs), typing, ...keys(page.dialogs),
        history(), gapCursor(), dropCursor({ class: 'drop' }), tableEditing(), writableEnd(),
      ],
    })
  }

  /** The Markdown of what is written; null where no Markdown says it. @returns {string|null} */
  text() {
    return save(this.parsed, this.view.state.doc)?.text ?? null
  }

  /** Another text, as from a colleague: only what differs is exchanged, so that the cursor stays. @param {string} text */
  setText(text) {
    this.parsed = parse(text)
    const [old, now] = [this.view.state.doc, this.parsed.doc]
    const start = old.content.findDiffStart(now.content)
    if (start === null) return
    let { a, b } = old.content.findDiffEnd(now.content)
    const overlap = Math.max(0, start - Math.min(a, b))
    a += overlap
    b += overlap
    this.view.dispatch(this.view.state.tr.replace(start, a, now.slice(start, b)).setMeta('addToHistory', false))
  }

  /** Put the cursor into the block that a line of the text belongs to. @param {number} line counted from 1 */
  goTo(line) {
    const { doc, origin } = parse(this.text() ?? this.parsed.source)
    const blocks = doc.content.content
    const index = blocks.findLastIndex((block) => (origin.get(block)?.map[0] ?? 0) < line)
    const { state } = this.view
    let at = 0
    for (let i = 0; i < Math.min(index, state.doc.childCount - 1); i++) at += state.doc.child(i).nodeSize
    this.view.dispatch(state.tr.setSelection(Selection.near(state.doc.resolve(at))).scrollIntoView())
    this.view.focus()
  }

  takeFile(view, data, page) {
    const file = [...(data?.files ?? [])].find((one) => one.type.startsWith('image/'))
    // What Word and browsers put on the clipboard has a picture of the text beside the text.
    if (!file || data.types.includes('text/html')) return false
    page.dialogs.files(view, file)
    return true
  }

  openNode(view, node, page) {
    if (node.type === N.merge_field) page.dialogs.field(view)
    else if (node.type === N.image) page.dialogs.image(view)
    else return false
    return true
  }

  destroy() {
    this.view.destroy()
  }
}

/** After a last block that holds no text of its own there is an empty paragraph to go on in; it is not saved. */
function writableEnd() {
  return new Plugin({
    appendTransaction(_trs, _before, state) {
      const last = state.doc.lastChild
      if (last.isTextblock && last.type !== N.code_block) return null
      if (last.type === N.bullet_list || last.type === N.ordered_list) return null
      return state.tr.insert(state.doc.content.size, N.paragraph.create()).setMeta('addToHistory', false)
    },
  })
}
