// Two documents are one lesson when they differ only in what Markdown cannot say: spaces at edges, emphasis on
// them, empty paragraphs, lists with or without space between, addresses before they are percent-encoded.
import { markdown } from '../dialect/markdown.js'
import { joined } from './parsing.js'
import { childrenOf, isBreak, isCode, M, N, schema } from './schema.js'

/** @typedef {import('prosemirror-model').Node} Node */

/** @param {Node} a @param {Node} b */
export const meansTheSame = (a, b) => plain(a).eq(plain(b))

/** @param {Node} node @returns {Node} */
function plain(node) {
  if (node.isText || node.isLeaf) return withPlainAddresses(node)
  let children = joined(childrenOf(node).map(plain))
  if (node.type === N.table) children = squared(children)
  if (node.isTextblock) children = node.type === N.code_block ? children : trimmed(withoutEdgeMarks(children))
  else {
    const kept = children.filter((child) => !(child.type === N.paragraph && child.content.size === 0))
    children = kept.length ? kept : [N.paragraph.create()]
  }
  return node.type.create(plainAttrs(node), children, node.marks)
}

function withPlainAddresses(node) {
  const marks = node.marks.map((mark) => {
    return mark.type === M.link ? M.link.create({ ...mark.attrs, href: markdown.normalizeLink(mark.attrs.href) }) : mark
  })
  if (node.type !== N.image) return node.mark(marks)
  return N.image.create({ ...node.attrs, src: markdown.normalizeLink(node.attrs.src) }, null, marks)
}

function plainAttrs(node) {
  if (node.type === N.bullet_list || node.type === N.ordered_list) return { ...node.attrs, tight: true }
  if (node.type === N.table_cell || node.type === N.table_header) return { ...node.attrs, colwidth: null }
  return node.attrs
}

/** A row may end early: its missing cells are empty ones. */
function squared(rows) {
  const columns = childrenOf(rows[0]).map((cell) => cell.attrs.align)
  return rows.map((row, i) => {
    if (row.childCount >= columns.length) return row
    const type = i ? N.table_cell : N.table_header
    return row.type.create(null, columns.map((align, k) => (k < row.childCount ? row.child(k) : type.create({ align }))))
  })
}

function withoutEdgeMarks(nodes) {
  const out = []
  nodes.forEach((node, i) => {
    if (!node.isText || !node.marks.length || isCode(node)) {
      out.push(node)
      return
    }
    const [, before, middle, after] = /^( *)([\s\S]*?)( *)$/.exec(node.text)
    // A link may hold edge spaces, and emphasis goes on over a space to a neighbour that has it too.
    const kept = (neighbour) => node.marks.filter((mark) => mark.type === M.link || (neighbour && mark.isInSet(neighbour.marks)))
    const [left, right] = [nodes[i - 1], nodes[i + 1]]
    if (!middle) {
      out.push(schema.text(before, kept(left).filter((mark) => mark.type === M.link || (right && mark.isInSet(right.marks)))))
      return
    }
    if (before) out.push(schema.text(before, kept(left)))
    out.push(node.withText(middle))
    if (after) out.push(schema.text(after, kept(right)))
  })
  return joined(out)
}

/** Without white space at the ends and beside line breaks, and without line breaks at the end. */
function trimmed(nodes) {
  const end = nodes.findLastIndex((node) => !isBreak(node)) + 1
  return nodes.slice(0, end).map((node, i, all) => {
    if (!node.isText || isCode(node)) return node
    let text = node.text
    if (isBreak(all[i - 1])) text = text.replace(/^ +/, '')
    if (isBreak(all[i + 1])) text = text.replace(/ +$/, '')
    if (i === 0) text = text.replace(/^\s+/, '')
    if (i === all.length - 1) text = text.replace(/\s+$/, '')
    return text ? node.withText(text) : null
  }).filter((node) => node !== null)
}
