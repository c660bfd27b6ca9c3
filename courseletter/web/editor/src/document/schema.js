// What a lesson is made of, as ProseMirror nodes. A node for every block of the dialect; what the editor cannot
// show is kept as source (html_block, html_inline). Classes only, never inline styles: the policy forbids them.
import { Schema } from 'prosemirror-model'

/** @typedef {import('prosemirror-model').Node} Node */

/** @returns {import('prosemirror-model').NodeSpec} */
const cell = (tag, role, extra) => ({
  content: 'inline*',
  attrs: { align: { default: null }, colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null } },
  tableRole: role,
  isolating: true,
  parseDOM: [{ tag }],
  toDOM: (node) => [tag, { ...extra, ...(node.attrs.align ? { class: `al-${node.attrs.align}` } : {}) }, 0],
})

export const schema = new Schema({
  nodes: {
    doc: { content: 'block+' },
    paragraph: { group: 'block', content: 'inline*', parseDOM: [{ tag: 'p' }], toDOM: () => ['p', 0] },
    heading: {
      group: 'block',
      content: 'inline*',
      attrs: { level: { default: 2 } },
      defining: true,
      parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level } })),
      toDOM: (node) => [`h${node.attrs.level}`, 0],
    },
    blockquote: {
      group: 'block', content: 'block+', defining: true,
      parseDOM: [{ tag: 'blockquote' }], toDOM: () => ['blockquote', 0],
    },
    code_block: {
      group: 'block', content: 'text*', marks: '', code: true, defining: true,
      attrs: { info: { default: '' } },
      parseDOM: [{ tag: 'pre', preserveWhitespace: 'full' }],
      toDOM: () => ['pre', { spellcheck: 'false' }, ['code', 0]],
    },
    bullet_list: {
      group: 'block', content: 'list_item+', attrs: { tight: { default: true } },
      parseDOM: [{ tag: 'ul' }], toDOM: () => ['ul', 0],
    },
    ordered_list: {
      group: 'block', content: 'list_item+', attrs: { tight: { default: true }, start: { default: 1 } },
      parseDOM: [{ tag: 'ol', getAttrs: (dom) => ({ start: Number(dom.getAttribute('start') ?? 1) }) }],
      toDOM: (node) => ['ol', node.attrs.start === 1 ? {} : { start: node.attrs.start }, 0],
    },
    list_item: { content: 'block+', defining: true, parseDOM: [{ tag: 'li' }], toDOM: () => ['li', 0] },
    horizontal_rule: { group: 'block', parseDOM: [{ tag: 'hr' }], toDOM: () => ['hr'] },
    table: {
      group: 'block', content: 'table_row+', tableRole: 'table', isolating: true,
      parseDOM: [{ tag: 'table' }], toDOM: () => ['table', ['tbody', 0]],
    },
    table_row: {
      content: '(table_cell | table_header)+', tableRole: 'row',
      parseDOM: [{ tag: 'tr' }], toDOM: () => ['tr', 0],
    },
    table_cell: cell('td', 'cell', {}),
    table_header: cell('th', 'header_cell', { scope: 'col' }),
    // takeaway, quote, disclosure, if. The argument stays as the author wrote it.
    directive: {
      group: 'block', content: 'block+', defining: true, draggable: true,
      attrs: { name: {}, argument: { default: '' } },
      parseDOM: [{
        tag: 'section[data-block]',
        contentElement: '.inside',
        getAttrs: (dom) => ({ name: dom.dataset.block, argument: dom.dataset.argument ?? '' }),
      }],
      toDOM: (node) => [
        'section', { 'data-block': node.attrs.name, 'data-argument': node.attrs.argument }, ['div', { class: 'inside' }, 0],
      ],
    },
    otherwise: {
      group: 'block', atom: true,
      parseDOM: [{ tag: 'div[data-otherwise]' }],
      toDOM: () => ['div', { 'data-otherwise': '', class: 'otherwise' }, 'Everybody else'],
    },
    placeholder: {
      group: 'block', atom: true, draggable: true, attrs: { name: {} },
      parseDOM: [{ tag: 'div[data-placeholder]', getAttrs: (dom) => ({ name: dom.dataset.placeholder }) }],
      toDOM: (node) => ['div', { 'data-placeholder': node.attrs.name, class: 'placeholder' }, PLACEHOLDERS[node.attrs.name]],
    },
    html_block: {
      group: 'block', atom: true, attrs: { source: {} },
      toDOM: (node) => ['pre', { class: 'html', 'aria-label': 'HTML, kept as it is' }, node.attrs.source],
    },
    text: { group: 'inline' },
    image: {
      group: 'inline', inline: true, atom: true, draggable: true,
      attrs: {
        src: {}, alt: { default: '' }, title: { default: null }, width: { default: null }, decorative: { default: false },
      },
      parseDOM: [{
        tag: 'img[src]',
        getAttrs: (dom) => ({
          src: dom.getAttribute('src'),
          alt: dom.getAttribute('alt') ?? '',
          title: dom.getAttribute('title'),
          decorative: dom.hasAttribute('data-decorative'),
        }),
      }],
      toDOM: (node) => ['img', { src: node.attrs.src, alt: node.attrs.alt, title: node.attrs.title }],
    },
    merge_field: {
      group: 'inline', inline: true, atom: true, attrs: { path: {}, fallback: { default: null } },
      parseDOM: [{
        tag: 'span[data-field]',
        getAttrs: (dom) => ({ path: dom.dataset.field, fallback: dom.dataset.fallback ?? null }),
      }],
      toDOM: (node) => [
        'span',
        {
          class: 'field', contenteditable: 'false', 'data-field': node.attrs.path,
          ...(node.attrs.fallback === null ? {} : { 'data-fallback': node.attrs.fallback }),
        },
        fieldLabel(/** @type {any} */ (node.attrs)),
      ],
      leafText: (node) => `{{${node.attrs.path}}}`,
    },
    hard_break: {
      group: 'inline', inline: true, selectable: false, parseDOM: [{ tag: 'br' }], toDOM: () => ['br'],
    },
    // A line end within a paragraph: readers see a space, the author's lines stay.
    soft_break: {
      group: 'inline', inline: true, selectable: false, leafText: () => ' ',
      toDOM: () => ['span', { class: 'soft' }, ' '],
    },
    html_inline: {
      group: 'inline', inline: true, atom: true, attrs: { source: {} },
      toDOM: (node) => ['code', { class: 'html' }, node.attrs.source],
    },
  },
  marks: {
    link: {
      attrs: { href: {}, title: { default: null }, button: { default: false } },
      inclusive: false,
      parseDOM: [{
        tag: 'a[href]',
        getAttrs: (dom) => ({
          href: dom.getAttribute('href'), title: dom.getAttribute('title'), button: dom.classList.contains('button'),
        }),
      }],
      toDOM: (mark) => [
        'a', { href: mark.attrs.href, title: mark.attrs.title, ...(mark.attrs.button ? { class: 'button' } : {}) }, 0,
      ],
    },
    strong: { parseDOM: [{ tag: 'strong' }, { tag: 'b' }], toDOM: () => ['strong', 0] },
    em: { parseDOM: [{ tag: 'em' }, { tag: 'i' }], toDOM: () => ['em', 0] },
    code: { code: true, parseDOM: [{ tag: 'code' }], toDOM: () => ['code', 0] },
  },
})

export const PLACEHOLDERS = { recap: 'Recap of the lesson before', teaser: 'Teaser of the next lesson' }

/**
 * A field as its chip reads: `first name, else “friend”`.
 * @param {{path: string, fallback: string|null}} field
 */
export function fieldLabel({ path, fallback }) {
  const [group, ...names] = path.split('.')
  const name = names.join(' ').replaceAll('_', ' ')
  const whole = group === 'subscriber' ? name : `${group} ${name}`
  return fallback ? `${whole}, else “${fallback}”` : whole
}

export const N = schema.nodes
export const M = schema.marks

/**
 * @param {Node} node
 * @returns {Node[]}
 */
export const childrenOf = (node) => [...node.children]
/** @param {Node|undefined} node */
export const isBreak = (node) => node?.type === N.soft_break || node?.type === N.hard_break
/** @param {Node} node */
export const isCode = (node) => node.type === N.code_block || Boolean(M.code.isInSet(node.marks))
