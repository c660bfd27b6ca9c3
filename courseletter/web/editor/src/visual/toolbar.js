// The toolbar: one tab stop, arrows within; buttons show what holds where the cursor is.
import { M, N } from '../document/schema.js'
import * as commands from './commands.js'

/** @typedef {import('prosemirror-view').EditorView} EditorView */

/** @type {Record<string, import('prosemirror-state').Command>} */
const COMMANDS = {
  bold: commands.bold,
  italic: commands.italic,
  heading: commands.heading,
  bullets: commands.bullets,
  rowAfter: commands.rowAfter,
  columnAfter: commands.columnAfter,
  deleteRow: commands.deleteRowBelowHead,
  deleteColumn: commands.deleteColumn,
  deleteTable: commands.deleteTable,
  alignLeft: commands.align('left'),
  alignCenter: commands.align('center'),
  alignRight: commands.align('right'),
}

export class Toolbar {
  /**
   * @param {HTMLElement} bar
   * @param {HTMLElement} tableBar
   * @param {() => EditorView|null} view
   * @param {import('./menu.js').Dialogs} dialogs
   */
  constructor(bar, tableBar, view, dialogs) {
    this.bars = [bar, tableBar]
    this.tableBar = tableBar
    this.view = view
    this.dialogs = dialogs
    for (const one of this.bars) {
      this.buttons(one).forEach((button, i) => {
        button.tabIndex = i ? -1 : 0
        button.addEventListener('mousedown', (event) => event.preventDefault()) // the text keeps the focus
        button.addEventListener('click', () => this.act(button.dataset.command))
      })
      one.addEventListener('keydown', (event) => this.step(one, event))
    }
  }

  /** @returns {HTMLButtonElement[]} */
  buttons(bar) {
    return [...bar.querySelectorAll('button')]
  }

  /** @param {KeyboardEvent} event */
  step(bar, event) {
    const buttons = this.buttons(bar)
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target))
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const button = buttons[(next + buttons.length) % buttons.length]
    for (const one of buttons) one.tabIndex = one === button ? 0 : -1
    button.focus()
  }

  act(name) {
    const view = this.view()
    if (!view) return
    if (name === 'link' || name === 'image' || name === 'field') this.dialogs[name](view)
    else if (name === 'block') this.offerBlocks(view)
    else {
      COMMANDS[name](view.state, view.dispatch, view)
      view.focus()
    }
  }

  /** The same menu as by hand. */
  offerBlocks(view) {
    view.focus()
    const { $from } = view.state.selection
    const before = $from.parent.textBetween(0, $from.parentOffset, null, '\ufffc')
    view.dispatch(view.state.tr.insertText(/(^|\s)$/.test(before) ? '/' : ' /'))
  }

  /** @param {EditorView} view */
  update(view) {
    const { state } = view
    const { $from, from, to, empty } = state.selection
    const has = (mark) => (empty ? Boolean(mark.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, mark))
    const within = (type) => Array.from({ length: $from.depth + 1 }, (_, depth) => $from.node(depth).type).includes(type)
    const holds = {
      bold: has(M.strong), italic: has(M.em), link: has(M.link),
      heading: $from.parent.type === N.heading, bullets: within(N.bullet_list),
    }
    for (const [name, on] of Object.entries(holds)) {
      this.bars[0].querySelector(`[data-command=${name}]`).setAttribute('aria-pressed', String(on))
    }
    this.tableBar.hidden = !commands.isInTable(state)
  }
}
