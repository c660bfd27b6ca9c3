// Merge fields: `{{ subscriber.first_name | default('friend') }}`. The twin of templates/merge_fields.py.

const NAMES = '(?:subscriber|lesson|course|sender|links)(?:\\.[a-z][a-z0-9_]*)+'
const FALLBACK = `(?:\\| *default\\((?:'([^'\\\\\\n{}]*)'|"([^"\\\\\\n{}]*)")\\) *)?`

/** A whole field at the start of a text: groups 1 path, 2 or 3 fallback. */
export const FIELD = new RegExp(`^\\{\\{ *(${NAMES}) *${FALLBACK}\\}\\}`)
/** A field inside a link address, where neither spaces nor fallbacks survive; with `split` every second piece. */
export const ADDRESS_FIELD = new RegExp(`(\\{\\{ *${NAMES} *\\}\\})`)
export const PATH = new RegExp(`^${NAMES}$`)

/** @typedef {{path: string, fallback: string|null}} MergeField */

/**
 * The field that a text begins with, or null.
 * @param {string} text
 * @returns {(MergeField & {length: number})|null}
 */
export function fieldAt(text) {
  const match = FIELD.exec(text)
  return match && { path: match[1], fallback: match[2] ?? match[3] ?? null, length: match[0].length }
}

/**
 * A field as it is written. A fallback holds one kind of quote at most, and no brace, backslash or line break.
 * @param {MergeField} field
 */
export function writeField({ path, fallback }) {
  if (fallback === null) return `{{ ${path} }}`
  const quote = fallback.includes("'") ? '"' : "'"
  return `{{ ${path} | default(${quote}${fallback}${quote}) }}`
}

/**
 * A fallback as far as the grammar can hold it.
 * @param {string} text
 */
export function tidyFallback(text) {
  const plain = text.replace(/[\\{}\n\r]/g, '')
  return plain.includes("'") ? plain.replaceAll('"', '”') : plain
}
