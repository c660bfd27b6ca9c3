// Inline content written as Markdown, always in one way: `**`, `*`, inline links.
import { writeField } from '../dialect/fields.js'
import { isBreak, M } from './schema.js'

/** @typedef {import('prosemirror-model').Node} Node */
/** @typedef {import('prosemirror-model').Mark} Mark */
/** Where text is written to: `cell` escapes pipes, `heading` knows no line break. @typedef {{cell?: boolean, heading?: boolean}} Place */

const ORDER = ['link', 'strong', 'em', 'code']

/**
 * @param {import('prosemirror-model').Fragment} content
 * @param {Place} place
 */
export function writeInline(content, place = {}) {
  const writer = new InlineWriter([...content.content], place)
  return writer.text()
}

class InlineWriter {
  /** @param {Node[]} nodes @param {Place} place */
  constructor(nodes, place) {
    this.nodes = nodes
    this.place = place
    this.out = ''
    /** @type {Mark[]} what is open, the outermost first */
    this.open = []
    this.lineStart = true
  }

  text() {
    this.nodes.forEach((node, i) => {
      const leading = this.turnTo(node, this.wanted(node, i))
      if (node.isText) {
        this.out += M.code.isInSet(node.marks)
          ? this.code(node.text)
          : escapeText(node.text.slice(leading.length), this.lineStart && !leading, this.place)
      } else this.out += this.leaf(node)
      this.lineStart = isBreak(node)
    })
    this.closeTo(0)
    return this.out.replace(/(^|\n) +/g, '$1').replace(/ +$/, '')
  }

  /** The marks of a node in the order in which they nest: what stays open longest is outermost. */
  wanted(node, at) {
    const run = (mark) => {
      let end = at
      while (end < this.nodes.length && mark.isInSet(this.nodes[end].marks)) end++
      return end
    }
    const place = (mark) => {
      const index = this.open.findIndex((one) => one.eq(mark))
      return index < 0 ? Infinity : index
    }
    return node.marks.filter((mark) => mark.type !== M.code).sort((a, b) => {
      if (place(a) !== place(b)) return place(a) - place(b)
      return run(b) - run(a) || ORDER.indexOf(a.type.name) - ORDER.indexOf(b.type.name)
    })
  }

  /** Close and open marks. Emphasis cannot begin at a space: returns those that were written before it. */
  turnTo(node, wanted) {
    let keep = 0
    while (keep < this.open.length && keep < wanted.length && this.open[keep].eq(wanted[keep])) keep++
    this.closeTo(keep)
    const opening = wanted.slice(keep)
    const spaces = node.isText && !M.code.isInSet(node.marks) && opening.some((mark) => mark.type !== M.link)
      ? /^ */.exec(node.text)[0]
      : ''
    this.out += spaces + opening.map((mark) => delimiter(mark, true)).join('')
    this.open.push(...opening)
    return spaces
  }

  closeTo(keep) {
    while (this.open.length > keep) {
      const mark = this.open.pop()
      // Nor can it end at one.
      const spaces = mark.type === M.link ? '' : / *$/.exec(this.out)[0]
      this.out = this.out.slice(0, this.out.length - spaces.length) + delimiter(mark, false) + spaces
    }
  }

  code(text) {
    const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length)
    let ticks = 1
    while (runs.includes(ticks)) ticks++
    const pad = /^`|`$|^ .*[^ ].* $/.test(text) ? ' ' : ''
    return '`'.repeat(ticks) + pad + this.inCell(text) + pad + '`'.repeat(ticks)
  }

  inCell(text) {
    return this.place.cell ? text.replaceAll('|', '\\|') : text
  }

  /** @param {Node} node */
  leaf(node) {
    switch (node.type.name) {
      case 'soft_break':
        return this.place.cell || this.place.heading ? ' ' : '\n'
      case 'hard_break':
        return this.place.cell ? '<br>' : '\\\n'
      case 'merge_field':
        return this.inCell(writeField(/** @type {any} */ (node.attrs)))
      case 'html_inline':
        return node.attrs.source
      case 'image':
        return image(node, this.place)
      default:
        throw new Error(`inline of an unknown kind: ${node.type.name}`)
    }
  }
}

function delimiter(mark, opens) {
  if (mark.type === M.strong) return '**'
  if (mark.type === M.em) return '*'
  if (opens) return '['
  return `](${target(mark.attrs)})${mark.attrs.button ? '{button}' : ''}`
}

function image(node, place) {
  const { alt, width, decorative } = node.attrs
  const given = [width && `width=${width}`, decorative && 'decorative'].filter(Boolean).join(' ')
  return `![${escapeText(alt, false, place)}](${target({ ...node.attrs, href: node.attrs.src })})${given && `{${given}}`}`
}

function target({ href, title }) {
  const bare = href !== '' && !/[\s<>]/.test(href.replace(/\{\{.*?\}\}/g, '')) && isBalanced(href)
  return (bare ? href : `<${href.replace(/[<>]/g, '\\$&')}>`) + (title ? ` ${quoted(title)}` : '')
}

function isBalanced(url) {
  let depth = 0
  for (const char of url) {
    if (char === '(') depth++
    if (char === ')' && --depth < 0) return false
  }
  return depth === 0
}

function quoted(title) {
  if (!title.includes('"')) return `"${title}"`
  return title.includes("'") ? `(${title.replace(/[()\\]/g, '\\$&')})` : `'${title}'`
}

const LETTER = /[\p{L}\p{N}]/u

/** Text that reads exactly so, escaping only what needs it. */
function escapeText(text, atLineStart, place) {
  let escaped = text
    .replace(/[`*\\[\]<]/g, '\\$&')
    .replace(/_/g, (mark, i, all) => (LETTER.test(all[i - 1] ?? '') && LETTER.test(all[i + 1] ?? '') ? mark : `\\${mark}`))
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/\{(?=\{)/g, '\\{')
    .replace(/!(?=\\\[)/g, '\\!')
  if (atLineStart) escaped = escapeStart(escaped)
  return place.cell ? escaped.replaceAll('|', '\\|') : escaped
}

/** What would begin a block. Leading white space becomes entities, or it would be trimmed. */
function escapeStart(text) {
  return text
    .replace(/^(#{1,6})(?=\s|$)/, '\\$1')
    .replace(/^([-+])(?=\s|$|-)/, '\\$1')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
    .replace(/^(>|=+\s*$|:{2,}|~{3,})/, '\\$1')
    .replace(/^[ \t]+/, (white) => [...white].map((char) => `&#${char.charCodeAt(0)};`).join(''))
}
