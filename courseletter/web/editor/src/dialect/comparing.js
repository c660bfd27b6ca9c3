// Tokens as plain values, so that a test can hold them against what the Python parser makes of the same text.
import { readAttributes } from './attributes.js'
import { tokensOf } from './markdown.js'

/** @param {string} body */
export function plainTokens(body) {
  return tokensOf(body).map(plain)
}

function plain(token) {
  return {
    type: token.type,
    level: token.level,
    map: token.type === 'inline' ? null : token.map, // of a cell, one of the two has none
    content: token.content,
    info: token.type === 'text' ? '' : token.info, // traces of escapes
    attrs: Object.fromEntries((token.attrs ?? []).map(([key, value]) => [key, String(value)])),
    meta: meta(token),
    children: (token.children ?? []).map(plain),
  }
}

function meta(token) {
  if (token.type === 'merge_field') return { path: token.meta.path, fallback: token.meta.fallback }
  if (token.type.startsWith('directive_')) {
    const { argument } = token.meta
    return token.info === 'if' ? { condition: argument } : { attributes: readAttributes(argument) }
  }
  return token.meta?.attributes ? { attributes: token.meta.attributes } : {}
}
