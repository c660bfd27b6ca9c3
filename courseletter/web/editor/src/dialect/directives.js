// Containers (`:::takeaway`), their `:::else`, and placeholders (`::recap`). The twin of templates/syntax.py.
import { isAttributes } from './attributes.js'

const CONTAINERS = new Set(['takeaway', 'quote', 'disclosure', 'if'])
const PLACEHOLDERS = new Set(['recap', 'teaser'])
const OPENING = /^(:{3,12})([a-z]+)(?: +([^\n]*?))?[ \t]*$/
const CLOSING = /^(:{3,12})[ \t]*$/
const PLACEHOLDER = /^::([a-z]+)[ \t]*$/
// Deeper means nothing in a lesson, and without a limit a page of unclosed openers takes quadratic time.
const DEEPEST = 20

/** The block rule. */
export function directive(state, start, end, silent) {
  if (state.sCount[start] - state.blkIndent >= 4) return false
  const first = lineOf(state, start)
  if (!first.startsWith('::')) return false
  const placeholder = PLACEHOLDER.exec(first)
  if (placeholder && PLACEHOLDERS.has(placeholder[1])) {
    return leaf(state, start, silent, 'placeholder', placeholder[1])
  }
  const opening = OPENING.exec(first)
  if (!opening) return false
  const [colons, name, argument] = [opening[1].length, opening[2], opening[3] || '']
  if (name === 'else' && !argument) return otherwise(state, start, silent, colons)
  if (!CONTAINERS.has(name) || !fits(name, argument)) return false
  const close = closingLine(state, start, end, colons)
  if (close === null) return false
  if (!silent) container(state, start, close, colons, name, argument)
  return true
}

const lineOf = (state, number) => state.src.slice(state.bMarks[number] + state.tShift[number], state.eMarks[number])

/** Once for each `if`, and directly inside it: not in a list or quote within it. */
function otherwise(state, start, silent, colons) {
  const open = state.env.ifs?.at(-1)
  if (!open || open.colons !== colons || open.level !== state.level) return false
  if (!silent) state.env.ifs[state.env.ifs.length - 1] = null
  return leaf(state, start, silent, 'otherwise', 'else')
}

function fits(name, argument) {
  if (name === 'if') return argument !== ''
  return !argument || isAttributes(argument)
}

function leaf(state, start, silent, kind, name) {
  if (!silent) {
    const token = state.push(kind, '', 0)
    Object.assign(token, { info: name, map: [start, start + 1], block: true })
    state.line = start + 1
  }
  return true
}

function container(state, start, close, colons, name, argument) {
  const [parent, last] = [state.parentType, state.lineMax]
  Object.assign(state, { parentType: 'container', lineMax: close })
  const meta = { colons, argument }
  Object.assign(state.push('directive_open', 'div', 1), { info: name, map: [start, close + 1], block: true, meta })
  state.env.ifs ??= []
  state.env.ifs.push(name === 'if' ? { colons, level: state.level } : null)
  state.md.block.tokenize(state, start + 1, close)
  state.env.ifs.pop()
  Object.assign(state.push('directive_close', 'div', -1), { info: name, block: true, meta })
  Object.assign(state, { parentType: parent, lineMax: last, line: close + 1 })
}

/** The line that closes the container opened at `start`; same-length openers in between nest. */
function closingLine(state, start, end, colons) {
  state.env.colons ??= linesByColons(state.src)
  let [depth, checked] = [1, start + 1]
  for (const number of state.env.colons.get(colons) ?? []) {
    if (number <= start) continue
    if (number >= end) break
    if (leaves(state, checked, number + 1)) return null
    checked = number + 1
    const line = lineOf(state, number)
    if (state.sCount[number] - state.blkIndent >= 4) continue
    const closing = CLOSING.exec(line)
    const opening = OPENING.exec(line)
    if (closing) {
      if (closing[1].length === colons && --depth === 0) return number
    } else if (opening && opening[1].length === colons && CONTAINERS.has(opening[2]) && ++depth > DEEPEST) {
      return null
    }
  }
  return null
}

/** The lines that hold a run of so many colons: to go through all lines for each opener is quadratic. */
function linesByColons(source) {
  const lines = new Map()
  source.split('\n').forEach((line, number) => {
    for (const length of new Set([...line.matchAll(/:{3,}/g)].map(([run]) => run.length))) {
      if (!lines.has(length)) lines.set(length, [])
      lines.get(length).push(number)
    }
  })
  return lines
}

/** Whether a line of these ends the list or quotation that the container stands in. */
function leaves(state, first, end) {
  for (let i = first; i < end; i++) {
    if (state.blkIndent === 0 ? state.sCount[i] < 0 : lineOf(state, i) && state.sCount[i] < state.blkIndent) return true
  }
  return false
}
