// The author's source with edits only where the document changed. Throws where a change cannot be placed;
// saving then writes larger pieces anew.
import { isEmptyParagraph, writeBlock, writeItem, writeRow } from './blocks.js'
import { carry, changedMiddle, hunks } from './differences.js'
import { writeInline } from './inline.js'
import { childrenOf, N } from './schema.js'

/** @typedef {import('prosemirror-model').Node} Node */
/** Lines from, to (exclusive) become these. @typedef {[number, number, string[]]} Edit */
/**
 * How the children of a node are written: the colons of their container; of list items also the marker, and
 * whether they follow each other without an empty line.
 * @typedef {{colons?: number, marker?: string, tight?: boolean}} Style
 */

const MARKER = /^(\s*(?:[-+*]|\d{1,9}[.)]))(\s+|$)/

/** @param {Node} a @param {Node} b */
const same = (a, b) => a === b || a.eq(b)

/**
 * @param {import('./parsing.js').Parsed} parsed
 * @param {Node} doc
 * @param {boolean} whole whether changed blocks are written anew as a whole
 */
export function patch(parsed, doc, whole) {
  const patcher = new Patcher(parsed, whole)
  patcher.children(parsed.doc, doc, '', {})
  return patcher.result()
}

class Patcher {
  constructor({ lines, origin }, whole) {
    this.lines = lines
    this.origin = origin
    this.whole = whole
    /** @type {Edit[]} */
    this.edits = []
  }

  result() {
    this.edits.sort((a, b) => a[0] - b[0] || a[1] - b[1])
    const out = []
    let at = 0
    for (const [from, to, lines] of this.edits) {
      if (from < at) throw new Error('two changes overlap')
      out.push(...this.lines.slice(at, from), ...lines)
      at = to
    }
    return [...out, ...this.lines.slice(at)].join('\n')
  }

  /** The lines of a node, without empty ones at its end. */
  span(node) {
    let [from, to] = this.origin.get(node).map
    while (to > from && this.isBlank(to - 1)) to--
    return [from, to]
  }

  isBlank(line) {
    return !/[^>\s]/.test(this.lines[line] ?? '')
  }

  /** @param {Node} before @param {Node} after @param {string} prefix @param {Style} style */
  children(before, after, prefix, style) {
    const [a, b] = [childrenOf(before), childrenOf(after)]
    for (const [a0, a1, b0, b1] of hunks(a, b, same)) {
      const pairs = Math.min(a1 - a0, b1 - b0)
      for (let k = 0; k < pairs; k++) this.block(a[a0 + k], b[b0 + k], prefix, style)
      if (a0 + pairs < a1) this.remove(a, a0 + pairs, a1)
      if (b0 + pairs < b1) this.insert(a, a1, b.slice(b0 + pairs, b1), prefix, style)
    }
  }

  remove(siblings, first, end) {
    if (end < siblings.length) {
      let [from] = this.span(siblings[first])
      let to = this.span(siblings[end - 1])[1]
      const next = this.origin.get(siblings[end]).map[0]
      while (to < next && this.isBlank(to)) to++
      this.edits.push([from, to, []])
      return
    }
    const from = first > 0 ? this.span(siblings[first - 1])[1] : this.origin.get(siblings[first]).map[0]
    this.edits.push([from, this.span(siblings[end - 1])[1], []])
  }

  insert(siblings, at, nodes, prefix, style) {
    const written = nodes.filter((node) => !isEmptyParagraph(node)).map((node) => this.write(node, style))
    if (!written.length) return
    const gap = style.marker && style.tight ? [] : [prefix.trimEnd()]
    const body = written.join(gap.length ? '\n\n' : '\n').split('\n').map((line) => prefixed(line, prefix))
    if (at > 0) {
      const end = this.span(siblings[at - 1])[1]
      this.edits.push([end, end, [...gap, ...body]])
    } else {
      const start = this.origin.get(siblings[0]).map[0]
      this.edits.push([start, start, [...body, ...gap]])
    }
  }

  write(node, style) {
    return style.marker ? writeItem(node, style.marker, style.tight) : writeBlock(node, style)
  }

  /** A block written anew in the place of another. */
  replace(before, after, prefix, style) {
    const [from, to] = this.span(before)
    const head = this.lines[from].slice(0, prefix.length)
    const written = this.write(after, style).split('\n')
    this.edits.push([from, to, written.map((line, i) => (i ? prefixed(line, prefix) : head + line))])
  }

  block(before, after, prefix, style) {
    const isList = before.type === N.bullet_list || before.type === N.ordered_list
    const alike = before.type === after.type && (isList || before.hasMarkup(after.type, after.attrs, after.marks))
    if (before.type === N.directive && before.type === after.type && !this.whole) {
      return this.container(before, after, prefix, style)
    }
    if (!alike || (this.whole && prefix === '')) return this.replace(before, after, prefix, style)
    switch (before.type.name) {
      case 'list_item':
        return this.item(before, after, prefix)
      case 'bullet_list':
      case 'ordered_list':
        return this.list(before, after, prefix)
      case 'blockquote':
        return this.quotation(before, after, prefix)
      case 'directive':
        return this.children(before, after, prefix, { colons: this.origin.get(before).colons })
      case 'table':
        return this.table(before, after, prefix, style)
      case 'paragraph':
      case 'heading':
        return this.textBlock(before, after, prefix, style)
      case 'code_block':
        return this.code(before, after, prefix, style)
      default:
        return this.replace(before, after, prefix, style)
    }
  }

  /** The opening line alone changes with a container's argument. */
  container(before, after, prefix, style) {
    const { map: [first], colons } = this.origin.get(before)
    if (before.attrs.name !== after.attrs.name) return this.replace(before, after, prefix, style)
    if (before.attrs.argument !== after.attrs.argument) {
      const head = this.lines[first].slice(0, this.lines[first].indexOf(':'))
      const { name, argument } = after.attrs
      this.edits.push([first, first + 1, [`${head}${':'.repeat(colons)}${name}${argument && ` ${argument}`}`]])
    }
    return this.children(before, after, prefix, { colons })
  }

  item(before, after, prefix) {
    const match = MARKER.exec(this.lines[this.origin.get(before).map[0]].slice(prefix.length))
    if (!match) throw new Error('a list item without its marker')
    // More than four spaces after the marker are code that the item begins with.
    const width = match[2].length > 4 ? match[1].length + 1 : match[0].length
    return this.children(before, after, prefix + ' '.repeat(width), {})
  }

  list(before, after, prefix) {
    const first = this.lines[this.origin.get(before.firstChild).map[0]].slice(prefix.length)
    const [, bullet, space] = /^\s*([-+*]|\d{1,9}[.)])(\s+|$)/.exec(first) ?? ['', '-', ' ']
    const marker = before.type === N.bullet_list
      ? bullet + (space || ' ')
      : `${before.attrs.start + before.childCount}${this.origin.get(before).markup} `
    return this.children(before, after, prefix, { marker, tight: before.attrs.tight })
  }

  quotation(before, after, prefix) {
    const match = /^\s*> ?/.exec(this.lines[this.origin.get(before).map[0]].slice(prefix.length))
    if (!match) throw new Error('a quotation without its mark')
    return this.children(before, after, prefix + match[0], {})
  }

  textBlock(before, after, prefix, style) {
    const { content } = this.origin.get(before)
    const place = before.type === N.heading ? { heading: true } : {}
    const next = carry(content, writeInline(before.content, place), writeInline(after.content, place))
    const grows = before.type === N.heading && next.includes('\n') && !content.includes('\n')
    if (!next || grows) return this.replace(before, after, prefix, style)
    return this.text(this.origin.get(before), next, prefix)
  }

  /** The lines of a text that changed, each with what stands before and after it in the source. */
  text({ content, textLine }, next, prefix) {
    const [old, now] = [content.split('\n'), next.split('\n')]
    const frames = old.map((text, i) => {
      const line = this.lines[textLine + i]
      const at = line.lastIndexOf(text)
      if (at < 0) throw new Error('a line that is not where it was')
      return [line.slice(0, at), line.slice(at + text.length)]
    })
    const [start, end] = changedMiddle(old, now)
    const written = now.slice(start, now.length - end).map((text, i) => {
      const at = start + i
      const [head, tail] = at < old.length - end ? frames[at] : [at === 0 ? frames[0][0] : prefix, '']
      return head + text + (now.length === old.length ? tail : '')
    })
    this.edits.push([textLine + start, textLine + old.length - end, written])
  }

  code(before, after, prefix, style) {
    const [old, now] = [before.textContent, after.textContent]
    if (!old || !now) return this.replace(before, after, prefix, style)
    const [first] = this.origin.get(before).map
    const fenced = /^\s*(`{3,}|~{3,})/.test(this.lines[first].slice(prefix.length))
    const start = first + (fenced ? 1 : 0)
    const [a, b] = [old.split('\n'), now.split('\n')]
    const heads = a.map((text, i) => {
      const line = this.lines[start + i] ?? ''
      if (!line.endsWith(text)) throw new Error('a line of code that is not where it was')
      return line.slice(0, line.length - text.length)
    })
    const usual = heads.find((_, i) => a[i]) ?? prefix
    for (const [a0, a1, b0, b1] of hunks(a, b)) {
      const head = (i) => (a0 + i < a1 && a[a0 + i] ? heads[a0 + i] : usual)
      const lines = b.slice(b0, b1).map((text, i) => (text ? head(i) + text : prefix.trimEnd()))
      this.edits.push([start + a0, start + a1, lines])
    }
  }

  table(before, after, prefix, style) {
    const [a, b] = [childrenOf(before), childrenOf(after)]
    const columns = a[0].childCount
    if ([...a, ...b].some((row) => row.childCount !== columns)) return this.replace(before, after, prefix, style)
    for (const [a0, a1, b0, b1] of hunks(a, b, same)) {
      const pairs = Math.min(a1 - a0, b1 - b0)
      // Without its head, or with another, it is another table.
      if (a0 === 0 && pairs === 0) return this.replace(before, after, prefix, style)
      for (let k = 0; k < pairs; k++) this.row(a[a0 + k], b[b0 + k], prefix)
      if (a0 + pairs < a1) this.edits.push([this.lineOf(a[a0 + pairs]), this.lineOf(a[a1 - 1]) + 1, []])
      if (b0 + pairs < b1) {
        const at = a1 === 1 ? this.lineOf(a[0]) + 2 : this.lineOf(a[a1 - 1]) + 1
        this.edits.push([at, at, b.slice(b0 + pairs, b1).map((row) => prefix + writeRow(row))])
      }
    }
  }

  lineOf(row) {
    return this.origin.get(row).map[0]
  }

  row(before, after, prefix) {
    const number = this.lineOf(before)
    let line = this.lines[number]
    const cuts = pipes(line, prefix.length)
    if (!/^\s*\|/.test(line.slice(prefix.length))) cuts.unshift(prefix.length - 1)
    childrenOf(before).map((cell, k) => [cell, after.child(k), k]).reverse().forEach(([old, now, k]) => {
      if (same(old, now)) return
      if (!old.hasMarkup(now.type, now.attrs)) throw new Error('a cell of another kind')
      const [from, to] = [cuts[k] + 1, cuts[k + 1] ?? line.length]
      const [, left, middle, right] = /^(\s*)([\s\S]*?)(\s*)$/.exec(line.slice(from, to))
      const text = carry(middle, writeInline(old.content, { cell: true }), writeInline(now.content, { cell: true }))
      line = line.slice(0, from) + (left || ' ') + text + (right || ' ') + line.slice(to)
    })
    this.edits.push([number, number + 1, [line]])
  }
}

const prefixed = (line, prefix) => (line ? prefix + line : prefix.trimEnd())

/** Where the pipes stand that part the cells of a row. */
function pipes(line, from) {
  const found = []
  for (let i = from; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === '|') found.push(i)
  }
  return found
}
