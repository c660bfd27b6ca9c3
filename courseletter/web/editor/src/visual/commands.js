// What toolbar, menu and keys can do with the text. A command is ProseMirror's: it tells whether it could act.
import { lift, setBlockType, toggleMark, wrapIn } from 'prosemirror-commands'
import { liftListItem, wrapInList } from 'prosemirror-schema-list'
import { NodeSelection, TextSelection } from 'prosemirror-state'
import {
  addColumnAfter, addRowAfter, deleteColumn, deleteRow, deleteTable, goToNextCell, isInTable, selectedRect,
} from 'prosemirror-tables'
import { M, N } from '../document/schema.js'

/** @typedef {import('prosemirror-state').EditorState} EditorState */
/** @typedef {import('prosemirror-state').Command} Command */

export const bold = toggleMark(M.strong)
export const italic = toggleMark(M.em)
export const code = toggleMark(M.code)

/** Heading, smaller heading, text again. @type {Command} */
export function heading(state, dispatch) {
  const { parent } = state.selection.$from
  if (parent.type !== N.heading) return setBlockType(N.heading, { level: 2 })(state, dispatch)
  if (parent.attrs.level === 2) return setBlockType(N.heading, { level: 3 })(state, dispatch)
  return setBlockType(N.paragraph)(state, dispatch)
}

/** @param {import('prosemirror-model').NodeType} type @returns {Command} */
const list = (type) => (state, dispatch) => {
  const { $from } = state.selection
  for (let depth = $from.depth; depth > 0; depth--) {
    const node = $from.node(depth)
    if (node.type === type) return liftListItem(N.list_item)(state, dispatch)
    if (node.type === N.bullet_list || node.type === N.ordered_list) {
      dispatch?.(state.tr.setNodeMarkup($from.before(depth), type, { tight: node.attrs.tight }))
      return true
    }
  }
  return wrapInList(type)(state, dispatch)
}
export const bullets = list(N.bullet_list)
export const numbers = list(N.ordered_list)

/** @param {string} name @param {string} argument @returns {Command} */
export const container = (name, argument = '') => wrapIn(N.directive, { name, argument })
export const codeBlock = setBlockType(N.code_block)

/**
 * A block in the place of an empty paragraph, else after the block that the cursor is in.
 * @param {() => import('prosemirror-model').Node} make
 * @returns {Command}
 */
export const block = (make) => (state, dispatch) => {
  const { $from } = state.selection
  const depth = $from.depth || 0
  if (depth === 0) return false
  const node = make()
  const empty = $from.parent.type === N.paragraph && $from.parent.content.size === 0
  const [from, to] = empty ? [$from.before(depth), $from.after(depth)] : [$from.after(depth), $from.after(depth)]
  const tr = state.tr
  const last = to === $from.end(depth - 1)
  // Writing goes on below.
  tr.replaceWith(from, to, last || node.isTextblock ? [node, N.paragraph.create()] : [node])
  const inside = node.type === N.table ? from + 3 : from + node.nodeSize + 1
  tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(inside, tr.doc.content.size))))
  dispatch?.(tr.scrollIntoView())
  return true
}

export const rule = block(() => N.horizontal_rule.create())
/** @param {string} name */
export const placeholder = (name) => block(() => N.placeholder.create({ name }))
export const table = block(() => {
  const row = (type) => N.table_row.create(null, [type.create(), type.create()])
  return N.table.create(null, [row(N.table_header), row(N.table_cell), row(N.table_cell)])
})

/** “Everybody else” in the box for some, which is selected. @type {Command} */
export function otherwise(state, dispatch) {
  const { node, to } = /** @type {NodeSelection} */ (state.selection)
  if (node?.attrs.name !== 'if' || node.content.content.some((one) => one.type === N.otherwise)) return false
  const tr = state.tr.insert(to - 1, [N.otherwise.create(), N.paragraph.create()])
  dispatch?.(tr.setSelection(TextSelection.create(tr.doc, to + 1)).scrollIntoView())
  return true
}

function depthOf($position, fits) {
  for (let depth = $position.depth; depth > 0; depth--) if (fits($position.node(depth))) return depth
  return 0
}

/** The block or list item around the cursor changes places with its neighbour. @param {-1|1} by @returns {Command} */
export const move = (by) => (state, dispatch) => {
  const { selection } = state
  const { $from } = selection
  const depth = selection instanceof NodeSelection && selection.node.isBlock ? $from.depth + 1 : movable($from)
  const parent = $from.node(depth - 1)
  const index = $from.index(depth - 1)
  if (index + by < 0 || index + by >= parent.childCount) return false
  const [first, second] = by < 0 ? [parent.child(index - 1), parent.child(index)] : [parent.child(index), parent.child(index + 1)]
  const start = $from.posAtIndex(Math.min(index, index + by), depth - 1)
  const tr = state.tr.replaceWith(start, start + first.nodeSize + second.nodeSize, [second, first])
  const shifted = selection.from + (by < 0 ? -first.nodeSize : second.nodeSize)
  tr.setSelection(
    selection instanceof NodeSelection ? NodeSelection.create(tr.doc, shifted) : TextSelection.near(tr.doc.resolve(shifted)),
  )
  dispatch?.(tr.scrollIntoView())
  return true
}

/** The depth of the innermost block that has neighbours. A table moves as a whole. */
function movable($from) {
  const table = depthOf($from, (node) => node.type === N.table)
  let depth = table || $from.depth
  while (depth > 1 && $from.node(depth - 1).childCount === 1) depth--
  return depth
}

/** The box around the cursor goes, what is in it stays. @type {Command} */
export function unbox(state, dispatch) {
  const { $from, node } = /** @type {any} */ (state.selection)
  if (node?.type === N.directive) {
    const inside = node.content.content.filter((child) => child.type !== N.otherwise)
    dispatch?.(state.tr.replaceWith($from.pos, $from.pos + node.nodeSize, inside))
    return true
  }
  return lift(state, dispatch)
}

export const rowAfter = addRowAfter
export const columnAfter = addColumnAfter
export { deleteColumn, deleteTable, isInTable }

/** The head of a table stays: without it there is no table in Markdown. @type {Command} */
export function deleteRowBelowHead(state, dispatch) {
  if (!isInTable(state) || selectedRect(state).top === 0) return false
  return deleteRow(state, dispatch)
}

/** Enter in a table: the next cell, and after the last one a new row. @type {Command} */
export function nextCell(state, dispatch, view) {
  if (!isInTable(state)) return false
  if (goToNextCell(1)(state, dispatch)) return true
  if (!dispatch) return true
  addRowAfter(state, dispatch)
  return view ? goToNextCell(1)(view.state, dispatch) : true
}

/** @param {'left'|'center'|'right'} to @returns {Command} */
export const align = (to) => (state, dispatch) => {
  if (!isInTable(state)) return false
  const { map, tableStart, table: node, left, right } = selectedRect(state)
  const tr = state.tr
  for (let row = 0; row < map.height; row++) {
    for (let column = left; column < right; column++) {
      const at = map.map[row * map.width + column]
      const found = node.nodeAt(at)
      tr.setNodeMarkup(tableStart + at, null, { ...found.attrs, align: found.attrs.align === to ? null : to })
    }
  }
  dispatch?.(tr)
  return true
}

/**
 * The link that the selection is in: its mark and where it begins and ends.
 * @param {EditorState} state
 */
export function linkAt(state) {
  const { $from } = state.selection
  const at = $from.parent.childAfter($from.parentOffset)
  const before = $from.parent.childBefore($from.parentOffset)
  for (const { node, index } of [at, before]) {
    const mark = node && M.link.isInSet(node.marks)
    if (!mark) continue
    let [first, last] = [index, index]
    const { parent } = $from
    while (first > 0 && mark.isInSet(parent.child(first - 1).marks)) first--
    while (last + 1 < parent.childCount && mark.isInSet(parent.child(last + 1).marks)) last++
    let from = $from.start()
    for (let i = 0; i < first; i++) from += parent.child(i).nodeSize
    let to = from
    for (let i = first; i <= last; i++) to += parent.child(i).nodeSize
    return { mark, from, to }
  }
  return null
}
