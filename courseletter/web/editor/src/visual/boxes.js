// How boxes look while they are edited: a head that names them and holds their settings, and what is inside.
import { readAttributes, writeAttributes } from '../dialect/attributes.js'
import { NodeSelection } from 'prosemirror-state'
import { N } from '../document/schema.js'
import { otherwise, unbox } from './commands.js'
import { icon } from './icons.js'

/** @typedef {import('prosemirror-model').Node} Node */
/** @typedef {import('prosemirror-view').EditorView} EditorView */

const NAMES = { takeaway: 'Key takeaway', quote: 'Quote', disclosure: 'Disclosure', if: 'Only for some' }
const BY = ['by', 'Said by'], SOURCE = ['source', 'In']

/** A takeaway, quote, disclosure or condition. */
export class BoxView {
  /** @param {Node} node @param {EditorView} view @param {() => number|undefined} position */
  constructor(node, view, position) {
    this.node = node
    this.view = view
    this.position = position
    const { name } = node.attrs
    this.dom = element('section', { class: `box ${name}`, role: 'group', 'aria-label': NAMES[name] })
    this.head = element('div', { class: 'box-head', contenteditable: 'false' })
    const handle = element('span', { class: 'handle', 'data-drag-handle': '', draggable: 'true', title: 'Drag to move' })
    handle.append(icon('handle'))
    handle.addEventListener('mousedown', () => this.select())
    this.head.append(handle, element('span', { class: 'box-name' }, NAMES[name]))
    /** @type {Record<string, HTMLInputElement>} */
    this.inputs = {}
    if (name === 'if') this.setting('condition', 'where', 'subscriber.plan == "pro"')
    if (name === 'quote') for (const [key, label] of [BY, SOURCE]) this.setting(key, label, '')
    this.acts()
    this.contentDOM = element('div', { class: 'inside' })
    this.dom.append(this.head, this.contentDOM)
    this.show()
  }

  setting(key, label, placeholder) {
    const input = /** @type {HTMLInputElement} */ (element('input', { placeholder, spellcheck: 'false', autocomplete: 'off' }))
    const wrapper = element('label', { class: 'box-setting' }, `${label} `)
    wrapper.append(input)
    this.head.append(wrapper)
    this.inputs[key] = input
    input.addEventListener('input', () => this.write())
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return
      event.preventDefault()
      this.view.focus()
    })
  }

  acts() {
    const acts = element('span', { class: 'box-acts' })
    if (this.node.attrs.name === 'if') acts.append(this.act('Add “everybody else”', otherwise, 'adds'))
    acts.append(this.act('Take the box away', unbox))
    this.head.append(acts)
  }

  act(label, command, kind = '') {
    const button = element('button', { type: 'button', class: `link ${kind}` }, label)
    button.addEventListener('click', () => {
      this.select()
      command(this.view.state, this.view.dispatch, this.view)
      this.view.focus()
    })
    return button
  }

  select() {
    const tr = this.view.state.tr
    this.view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, this.position())))
  }

  show() {
    const { name, argument } = this.node.attrs
    const values = name === 'if' ? { condition: argument } : readAttributes(argument)
    for (const [key, input] of Object.entries(this.inputs)) {
      if (document.activeElement !== input) input.value = values[key] ?? ''
    }
  }

  write() {
    const { name, argument } = this.node.attrs
    // Neither quotes nor braces can stand in a value.
    const typed = Object.fromEntries(Object.entries(this.inputs).map(([key, input]) => [key, input.value.replace(/["{}]/g, '')]))
    const next = name === 'if' ? this.inputs.condition.value.trim() : writeAttributes({ ...readAttributes(argument), ...typed })
    if (next === argument || (name === 'if' && !next)) return
    this.view.dispatch(this.view.state.tr.setNodeAttribute(this.position(), 'argument', next))
  }

  /** @param {Node} node */
  update(node) {
    if (node.type !== N.directive || node.attrs.name !== this.node.attrs.name) return false
    this.node = node
    this.show()
    return true
  }

  /** What happens in the head is not the text's. @param {Event} event */
  stopEvent(event) {
    const target = /** @type {HTMLElement} */ (event.target)
    return this.head.contains(target) && !target.closest('.handle')
  }

  /** @param {any} mutation */
  ignoreMutation(mutation) {
    return mutation.type !== 'selection' && !this.contentDOM.contains(mutation.target)
  }

  selectNode() {
    this.dom.classList.add('selected')
  }

  deselectNode() {
    this.dom.classList.remove('selected')
  }
}

/** A picture. One that a browser cannot reach from here, and one without words, say so. */
export class ImageView {
  /** @param {Node} node */
  constructor(node) {
    const { src, alt, title, width, decorative } = node.attrs
    const missing = !alt && !decorative
    this.dom = element('span', { class: `picture${missing ? ' wordless' : ''}`, title: title ?? '' })
    if (/^https?:|^\/images\//.test(src)) {
      const image = element('img', { src, alt })
      if (/^\d+$/.test(width ?? '')) image.setAttribute('width', width)
      image.addEventListener('error', () => image.replaceWith(named(alt || src)))
      this.dom.append(image)
    } else this.dom.append(named(alt || src))
    if (missing) this.dom.append(element('span', { class: 'lacks' }, 'Say what it shows'))
  }

  selectNode() {
    this.dom.classList.add('selected')
  }

  deselectNode() {
    this.dom.classList.remove('selected')
  }

  ignoreMutation() {
    return true
  }
}

const named = (text) => element('span', { class: 'unreachable' }, text)

function element(tag, attributes, text = '') {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.textContent = text
  return made
}
