// The lesson dialect on markdown-it: CommonMark, tables and our own rules. The twin of templates/syntax.py.
import MarkdownIt from 'markdown-it'
import { attributesAfter } from './attributes.js'
import { directive } from './directives.js'
import { ADDRESS_FIELD, fieldAt } from './fields.js'

// What Python's str.strip() takes off; JavaScript's trim() means other characters.
const EDGES = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g

export const markdown = createMarkdown()

function createMarkdown() {
  const md = new MarkdownIt('commonmark', { html: true }).enable('table')
  const interrupts = ['paragraph', 'reference', 'blockquote', 'list', 'table']
  md.block.ruler.before('fence', 'directive', directive, { alt: interrupts })
  md.inline.ruler.before('escape', 'merge_field', mergeField)
  md.inline.ruler.after('merge_field', 'attributes', attributesAfter)
  md.core.ruler.after('block', 'strip', (state) => {
    for (const token of state.tokens) if (token.type === 'inline') token.content = token.content.replace(EDGES, '')
  })
  const normalize = md.normalizeLink
  md.normalizeLink = (url) => url.split(ADDRESS_FIELD).map((piece, i) => (i % 2 ? piece : normalize(piece))).join('')
  return md
}

function mergeField(state, silent) {
  const field = state.src.startsWith('{{', state.pos) && fieldAt(state.src.slice(state.pos))
  if (!field) return false
  if (!silent) {
    const token = state.push('merge_field', '', 0)
    token.content = state.src.slice(state.pos, state.pos + field.length)
    token.meta = { path: field.path, fallback: field.fallback }
  }
  state.pos += field.length
  return true
}

/**
 * The tokens of a lesson's body.
 * @param {string} body
 */
export function tokensOf(body) {
  return markdown.parse(body.replace(/^\uFEFF/, ''), {})
}
