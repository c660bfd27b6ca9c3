// The blocks on offer, and the menu that `/` opens: a listbox steered from the text by aria-activedescendant.
import { Plugin } from 'prosemirror-state'
import * as commands from './commands.js'
import { icon } from './icons.js'

/** @typedef {import('prosemirror-view').EditorView} EditorView */
/** What is asked for in a dialog first. @typedef {{image(view: EditorView): void, link(view: EditorView, button?: boolean): void, field(view: EditorView): void}} Dialogs */
/** @typedef {{name: string, icon: string, words?: string, act: (view: EditorView, dialogs: Dialogs) => void}} Item */

const plain = (command) => (view) => {
  command(view.state, view.dispatch, view)
  view.focus()
}

/** @type {Item[]} */
export const ITEMS = [
  { name: 'Heading', icon: 'heading', act: plain(commands.heading) },
  { name: 'Bulleted list', icon: 'bullets', words: 'points', act: plain(commands.bullets) },
  { name: 'Numbered list', icon: 'numbers', words: 'steps', act: plain(commands.numbers) },
  { name: 'Picture', icon: 'image', words: 'image photo', act: (view, dialogs) => dialogs.image(view) },
  { name: 'Button', icon: 'button', words: 'link call', act: (view, dialogs) => dialogs.link(view, true) },
  { name: 'Merge field', icon: 'field', words: 'name personal first', act: (view, dialogs) => dialogs.field(view) },
  { name: 'Key takeaway', icon: 'takeaway', words: 'box', act: plain(commands.container('takeaway')) },
  { name: 'Quote', icon: 'quote', words: 'said', act: plain(commands.container('quote')) },
  { name: 'Disclosure', icon: 'disclosure', words: 'affiliate note', act: plain(commands.container('disclosure')) },
  { name: 'Only for some', icon: 'branch', words: 'if condition', act: plain(commands.container('if', 'subscriber.first_name')) },
  { name: 'Table', icon: 'table', act: plain(commands.table) },
  { name: 'Line', icon: 'rule', words: 'rule divider', act: plain(commands.rule) },
  { name: 'Code', icon: 'code', act: plain(commands.codeBlock) },
  { name: 'Recap of the lesson before', icon: 'recap', act: plain(commands.placeholder('recap')) },
  { name: 'Teaser of the next lesson', icon: 'teaser', act: plain(commands.placeholder('teaser')) },
]

/**
 * @param {HTMLElement} list
 * @param {Dialogs} dialogs
 */
export function slashMenu(list, dialogs) {
  return new Plugin({
    view: (view) => new Menu(view, list, dialogs),
    props: {
      handleKeyDown(view, event) {
        return menus.get(view)?.key(event) ?? false
      },
    },
  })
}

const fits = (item, words) => `${item.name} ${item.words ?? ''}`.toLowerCase().split(' ').some((word) => word.startsWith(words))
  || item.name.toLowerCase().startsWith(words)

/** What is named so comes first, the shortest name above all; without a word the order stays. */
const rank = (item, words) => (words && item.name.toLowerCase().startsWith(words) ? item.name.length - 100 : 0)

/** @type {WeakMap<EditorView, Menu>} */
const menus = new WeakMap()

class Menu {
  constructor(view, list, dialogs) {
    this.view = view
    this.list = list
    this.dialogs = dialogs
    /** @type {Item[]} */
    this.items = []
    this.chosen = 0
    this.dismissed = ''
    menus.set(view, this)
    this.blur = () => this.close()
    view.dom.addEventListener('blur', this.blur)
    window.addEventListener('resize', this.blur)
  }

  get isOpen() {
    return !this.list.hidden
  }

  update() {
    const typed = this.query()
    if (typed === null || !this.view.hasFocus()) {
      this.dismissed = ''
      return this.close()
    }
    if (this.dismissed && typed.startsWith(this.dismissed)) return
    const words = typed.slice(1).toLowerCase()
    this.items = ITEMS.filter((item) => fits(item, words)).sort((a, b) => rank(a, words) - rank(b, words))
    if (!this.items.length) return this.close()
    this.chosen = this.isOpen ? Math.min(this.chosen, this.items.length - 1) : 0
    this.paint()
  }

  /** `/bu` as typed at the start of a word, or null. */
  query() {
    const { $from, empty } = this.view.state.selection
    if (!empty || !$from.parent.isTextblock || $from.parent.type.spec.code) return null
    const before = $from.parent.textBetween(0, $from.parentOffset, null, '\ufffc')
    return /(?:^|\s)(\/[\p{L} ]{0,20})$/u.exec(before)?.[1] ?? null
  }

  paint() {
    this.list.replaceChildren(...this.items.map((item, i) => this.option(item, i)))
    this.list.hidden = false
    this.list.querySelector('[aria-selected=true]').scrollIntoView({ block: 'nearest' })
    const { left, bottom, top } = this.view.coordsAtPos(this.view.state.selection.from)
    const { offsetWidth, offsetHeight } = this.list
    const below = bottom + offsetHeight + 8 < innerHeight || top < offsetHeight
    this.list.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - offsetWidth - 8)) + scrollX}px`
    this.list.style.top = `${(below ? bottom + 6 : top - offsetHeight - 6) + scrollY}px`
    this.view.dom.setAttribute('aria-activedescendant', `slash-${this.chosen}`)
  }

  option(item, i) {
    const option = document.createElement('div')
    Object.assign(option, { id: `slash-${i}`, role: 'option', ariaSelected: String(i === this.chosen) })
    option.append(icon(item.icon), item.name)
    option.addEventListener('mousedown', (event) => {
      event.preventDefault() // the text keeps the focus
      this.pick(item)
    })
    return option
  }

  pick(item) {
    const typed = this.query() ?? ''
    const { from } = this.view.state.selection
    this.close()
    this.view.dispatch(this.view.state.tr.delete(from - typed.length, from))
    item.act(this.view, this.dialogs)
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.isOpen) return false
    if (event.key === 'Tab') this.close() // and the focus moves on
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      this.chosen = (this.chosen + step + this.items.length) % this.items.length
      this.paint()
      return true
    }
    if (event.key === 'Enter') {
      this.pick(this.items[this.chosen])
      return true
    }
    if (event.key === 'Escape') {
      this.dismissed = this.query() ?? ''
      this.close()
      return true
    }
    return false
  }

  close() {
    this.list.hidden = true
    this.view.dom.removeAttribute('aria-activedescendant')
  }

  destroy() {
    this.close()
    this.view.dom.removeEventListener('blur', this.blur)
    window.removeEventListener('resize', this.blur)
  }
}
