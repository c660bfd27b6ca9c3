// Blocks written as Markdown in one way: `-` and `1.`, `#`, fences, as few colons as nesting allows.
import { writeInline } from './inline.js'
import { childrenOf, isBreak, N } from './schema.js'

/** @typedef {import('prosemirror-model').Node} Node */
/**
 * What a block must know of where it is written: the colons of the container around it, the marks of lists that
 * tell it from the list before, whether it opens a list item.
 * @typedef {{colons?: number, bullet?: string, delimiter?: string, opensItem?: boolean, tight?: boolean}} Place
 */

/**
 * @param {Node} parent
 * @param {Place} place
 * @returns {string} without a line break at the end
 */
export function writeBlocks(parent, place = {}) {
  let [out, before, bullet, delimiter] = ['', /** @type {Node|null} */ (null), '-', '.']
  for (const node of childrenOf(parent)) {
    if (isEmptyParagraph(node) && parent.childCount > 1) continue
    if (before?.type === node.type) {
      // Two lists side by side would become one.
      if (node.type === N.bullet_list) bullet = bullet === '-' ? '*' : '-'
      if (node.type === N.ordered_list) delimiter = delimiter === '.' ? ')' : '.'
    }
    const opensItem = before === null && parent.type === N.list_item
    const written = writeBlock(node, { colons: place.colons, bullet, delimiter, opensItem })
    const gap = place.tight && parent.type === N.list_item ? '\n' : '\n\n'
    out += before ? gap + written : written
    before = node
  }
  return out
}

/** @param {Node} node */
export const isEmptyParagraph = (node) => node.type === N.paragraph && node.content.size === 0

/**
 * @param {Node} node
 * @param {Place} place
 * @returns {string}
 */
export function writeBlock(node, place = {}) {
  switch (node.type.name) {
    case 'paragraph':
      return writeInline(node.content)
    case 'heading':
      return heading(node)
    case 'blockquote':
      return indented(writeBlocks(node), '> ', '> ')
    case 'code_block':
      return fence(node)
    case 'horizontal_rule':
      return place.opensItem ? '***' : '---'
    case 'html_block':
      return node.attrs.source
    case 'placeholder':
      return `::${node.attrs.name}`
    case 'otherwise':
      return `${':'.repeat(place.colons ?? 3)}else`
    case 'directive':
      return container(node)
    case 'bullet_list':
    case 'ordered_list':
      return list(node, place)
    case 'table':
      return table(node)
    default:
      throw new Error(`a block of an unknown kind: ${node.type.name}`)
  }
}

/** Lines behind a marker, those after the first behind as much space. */
export function indented(text, first, rest) {
  return text.split('\n').map((line, i) => {
    if (i === 0) return first + line
    return line ? rest + line : rest.trimEnd()
  }).join('\n')
}

function heading(node) {
  const { level } = node.attrs
  if (level < 3 && childrenOf(node).some(isBreak)) return `${writeInline(node.content)}\n${level === 1 ? '===' : '---'}`
  const text = writeInline(node.content, { heading: true }).replaceAll('\n', ' ')
  // Hashes at the end would be taken for a closing sequence.
  return `${'#'.repeat(level)} ${text.replace(/(^|\s)(#+)$/, '$1\\$2')}`.trimEnd()
}

function fence(node) {
  const text = node.textContent
  const char = node.attrs.info.includes('`') ? '~' : '`'
  let marks = char.repeat(3)
  while (text.includes(marks)) marks += char
  return `${marks}${node.attrs.info}\n${text ? `${text}\n` : ''}${marks}`
}

function container(node) {
  const colons = ':'.repeat(2 + depth(node))
  const { name, argument } = node.attrs
  return `${colons}${name}${argument ? ` ${argument}` : ''}\n${writeBlocks(node, { colons: colons.length })}\n${colons}`
}

/** How many containers deep a node is, itself included. */
function depth(node) {
  const inside = Math.max(0, ...childrenOf(node).map(depth))
  return inside + (node.type === N.directive ? 1 : 0)
}

function list(node, place) {
  const { tight, start } = node.attrs
  const items = childrenOf(node).map((item, i) => {
    const marker = node.type === N.bullet_list ? `${place.bullet ?? '-'} ` : `${start + i}${place.delimiter ?? '.'} `
    return writeItem(item, marker, tight)
  })
  return items.join(tight ? '\n' : '\n\n')
}

/** A list item behind its marker. */
export function writeItem(item, marker, tight) {
  return indented(writeBlocks(item, { tight }), marker, ' '.repeat(marker.length))
}

const RULES = { left: ':---', center: ':---:', right: '---:' }

function table(node) {
  const rows = childrenOf(node).map(writeRow)
  const rule = childrenOf(node.firstChild).map((cell) => RULES[cell.attrs.align] ?? '---')
  return [rows[0], `| ${rule.join(' | ')} |`, ...rows.slice(1)].join('\n')
}

export function writeRow(row) {
  return `| ${childrenOf(row).map((cell) => writeInline(cell.content, { cell: true })).join(' | ')} |`
}
