// A lesson's Markdown becomes a ProseMirror document that remembers which source lines each node came from.
import { markdown, tokensOf } from '../dialect/markdown.js'
import { M, N, schema } from './schema.js'

/** @typedef {import('prosemirror-model').Node} Node */
/**
 * Where a node stands in the source: its lines (from, to), and of text the part of them that is its own.
 * @typedef {{map: [number, number], content?: string, textLine?: number, markup?: string, colons?: number}} Origin
 */
/** @typedef {{doc: Node, origin: WeakMap<Node, Origin>, lines: string[], source: string}} Parsed */

/**
 * @param {string} source
 * @returns {Parsed}
 */
export function parse(source) {
  // The dialect knows neither; a lesson that has them loses them with the first edit.
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const reader = new BlockReader(tokensOf(text))
  const doc = N.doc.create(null, filled(reader.blocks()))
  return { doc, origin: reader.origin, lines: text.split('\n'), source }
}

const filled = (nodes) => (nodes.length ? nodes : [N.paragraph.create()])

class BlockReader {
  constructor(tokens) {
    this.tokens = tokens
    this.at = 0
    /** @type {WeakMap<Node, Origin>} */
    this.origin = new WeakMap()
  }

  /** Nodes up to a closing token, which is consumed. */
  blocks(close = '') {
    const nodes = []
    while (this.at < this.tokens.length && this.tokens[this.at].type !== close) nodes.push(this.block())
    this.at++
    return nodes
  }

  /** @returns {Node} */
  block() {
    const token = this.tokens[this.at++]
    switch (token.type) {
      case 'paragraph_open':
        return this.textBlock(token, N.paragraph.create.bind(N.paragraph, null))
      case 'heading_open':
        return this.textBlock(token, N.heading.create.bind(N.heading, { level: Number(token.tag[1]) }))
      case 'blockquote_open':
        return this.put(N.blockquote.create(null, filled(this.blocks('blockquote_close'))), token)
      case 'bullet_list_open':
      case 'ordered_list_open':
        return this.list(token)
      case 'fence':
      case 'code_block': {
        const text = token.content.replace(/\n$/, '')
        return this.put(N.code_block.create({ info: token.info.trim() }, text ? schema.text(text) : null), token)
      }
      case 'hr':
        return this.put(N.horizontal_rule.create(), token)
      case 'html_block':
        return this.put(N.html_block.create({ source: token.content.replace(/\n+$/, '') }), token)
      case 'placeholder':
        return this.put(N.placeholder.create({ name: token.info }), token)
      case 'otherwise':
        return this.put(N.otherwise.create(), token)
      case 'directive_open': {
        const { colons, argument } = token.meta
        const inside = filled(this.blocks('directive_close'))
        return this.put(N.directive.create({ name: token.info, argument }, inside), token, { colons })
      }
      case 'table_open':
        return this.table(token)
      default:
        throw new Error(`a block of an unknown kind: ${token.type}`)
    }
  }

  put(node, token, extra = {}) {
    this.origin.set(node, { map: token.map, ...extra })
    return node
  }

  textBlock(token, create) {
    const inline = this.tokens[this.at]
    this.at += 2
    return this.put(create(inlineNodes(inline)), token, { content: inline.content, textLine: inline.map[0] })
  }

  list(token) {
    const close = token.type.replace('open', 'close')
    const items = []
    let tight = true
    while (this.tokens[this.at].type !== close) {
      const open = this.tokens[this.at++]
      const from = this.at
      const inside = filled(this.blocks('list_item_close'))
      tight &&= this.isTight(from, open.level + 1)
      items.push(this.put(N.list_item.create(null, inside), open))
    }
    this.at++
    const bullets = token.type === 'bullet_list_open'
    const attrs = bullets ? { tight } : { tight, start: Number(token.attrGet('start') ?? 1) }
    return this.put((bullets ? N.bullet_list : N.ordered_list).create(attrs, items), token, { markup: token.markup })
  }

  /** Whether the item whose tokens were read from `from` on has no paragraph with space around it. */
  isTight(from, level) {
    for (let i = from; i < this.at; i++) {
      const token = this.tokens[i]
      if (token.type === 'paragraph_open' && token.level === level && !token.hidden) return false
    }
    return true
  }

  table(token) {
    const rows = []
    while (this.tokens[this.at].type !== 'table_close') {
      const open = this.tokens[this.at++]
      if (open.type === 'tr_open') rows.push(this.row(open))
    }
    this.at++
    return this.put(N.table.create(null, rows), token)
  }

  row(open) {
    const cells = []
    while (this.tokens[this.at].type !== 'tr_close') {
      const [cell, inline] = [this.tokens[this.at], this.tokens[this.at + 1]]
      this.at += 3
      const align = /text-align:(\w+)/.exec(cell.attrGet('style') ?? '')?.[1] ?? null
      const type = cell.type === 'th_open' ? N.table_header : N.table_cell
      cells.push(this.put(type.create({ align }, inlineNodes(inline)), open, { content: inline.content }))
    }
    this.at++
    return this.put(N.table_row.create(null, cells), open)
  }
}

const MARKS = { strong: () => M.strong.create(), em: () => M.em.create(), link: linkMark }

function linkMark(token) {
  const button = 'button' in (token.meta?.attributes ?? {})
  return M.link.create({ href: token.attrGet('href'), title: token.attrGet('title'), button })
}

/** @returns {Node[]} */
function inlineNodes(inline) {
  const nodes = []
  /** @type {readonly import('prosemirror-model').Mark[]} */
  let marks = []
  for (const token of inline.children ?? []) {
    const [, name, end] = /^(\w+?)_(open|close)$/.exec(token.type) ?? []
    if (end === 'open') marks = MARKS[name](token).addToSet(marks)
    else if (end === 'close') marks = M[name].removeFromSet(marks)
    else {
      const node = inlineNode(token, marks)
      if (node) nodes.push(node)
    }
  }
  return joined(nodes)
}

function inlineNode(token, marks) {
  switch (token.type) {
    case 'text':
    case 'text_special':
      return token.content ? schema.text(token.content, marks) : null
    case 'code_inline':
      return token.content ? schema.text(token.content, M.code.create().addToSet(marks)) : null
    case 'softbreak':
      return N.soft_break.create(null, null, marks)
    case 'hardbreak':
      return N.hard_break.create(null, null, marks)
    case 'html_inline':
      return N.html_inline.create({ source: token.content }, null, marks)
    case 'merge_field':
      return N.merge_field.create({ path: token.meta.path, fallback: token.meta.fallback }, null, marks)
    case 'image':
      return imageNode(token, marks)
    default:
      throw new Error(`inline of an unknown kind: ${token.type}`)
  }
}

function imageNode(token, marks) {
  const given = token.meta?.attributes ?? {}
  const attrs = {
    src: token.attrGet('src'),
    alt: markdown.renderer.renderInlineAsText(token.children, markdown.options, {}),
    title: token.attrGet('title'),
    width: given.width || null,
    decorative: 'decorative' in given,
  }
  return N.image.create(attrs, null, marks)
}

/**
 * Neighbouring texts with the same marks as one.
 * @param {Node[]} nodes
 * @returns {Node[]}
 */
export function joined(nodes) {
  const out = []
  for (const node of nodes) {
    const last = out.at(-1)
    if (last?.isText && node.isText && last.sameMarkup(node)) out[out.length - 1] = last.withText(last.text + node.text)
    else out.push(node)
  }
  return out
}
