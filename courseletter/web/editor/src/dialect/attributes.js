// Attributes after an image or link, and on a container's line: `{by="Ada" wide}`. Twin: templates/syntax.py.

const ONE = '[a-z][a-z0-9-]*(?:=(?:"[^"\\n]*"|[^\\s"\'{}=]+))?'
const ALL = new RegExp(`^\\{(${ONE}(?: ${ONE})*)\\}`)
const EACH = /([a-z][a-z0-9-]*)(?:=(?:"([^"\n]*)"|([^\s"'{}=]+)))?/g
const KEYS = { image: ['width', 'decorative'], link_close: ['button'] }

/**
 * `{by="Ada" wide}` as an object; a key without a value has the value ''.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function readAttributes(text) {
  return Object.fromEntries([...text.matchAll(EACH)].map((match) => [match[1], match[2] ?? match[3] ?? '']))
}

/** @param {string} text */
export function isAttributes(text) {
  return ALL.exec(text)?.[0] === text
}

/**
 * @param {Record<string, string>} values without empty ones
 * @returns {string} '' for none
 */
export function writeAttributes(values) {
  const written = Object.entries(values).filter(([, value]) => value)
  return written.length ? `{${written.map(([key, value]) => `${key}="${value}"`).join(' ')}}` : ''
}

/** The inline rule: attributes directly after the `)` of an image or link. */
export function attributesAfter(state, silent) {
  if (silent || state.pending || !state.tokens.length) return false
  if (state.src.slice(state.pos - 1, state.pos + 1) !== '){') return false
  const previous = state.tokens.at(-1)
  const match = ALL.exec(state.src.slice(state.pos))
  if (!match || !(previous.type in KEYS)) return false
  const found = readAttributes(match[1])
  if (!Object.keys(found).every((key) => KEYS[previous.type].includes(key))) return false
  openingOf(state.tokens).meta = { attributes: found }
  state.pos += match[0].length
  return true
}

/** The image itself, or the link_open that the last token closes. */
function openingOf(tokens) {
  let depth = 0
  for (let i = tokens.length - 1; i >= 0; i--) {
    depth -= tokens[i].nesting
    if (depth === 0) return tokens[i]
  }
  return tokens.at(-1)
}
