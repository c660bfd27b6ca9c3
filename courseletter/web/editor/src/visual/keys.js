// Keys, and what typed marks become: `## `, `- `, `1. `, `> `, a whole merge field.
import { baseKeymap, chainCommands, exitCode, selectParentNode } from 'prosemirror-commands'
import { redo, undo } from 'prosemirror-history'
import { InputRule, inputRules, textblockTypeInputRule, wrappingInputRule } from 'prosemirror-inputrules'
import { keymap } from 'prosemirror-keymap'
import { liftListItem, sinkListItem, splitListItem } from 'prosemirror-schema-list'
import { goToNextCell } from 'prosemirror-tables'
import { fieldAt } from '../dialect/fields.js'
import { N } from '../document/schema.js'
import * as commands from './commands.js'

const lineBreak = chainCommands(exitCode, (state, dispatch) => {
  // A cell of a table is one line in Markdown.
  if (commands.isInTable(state)) return true
  dispatch?.(state.tr.replaceSelectionWith(N.hard_break.create()).scrollIntoView())
  return true
})

/** @param {import('./menu.js').Dialogs} dialogs */
export const keys = (dialogs) => [
  keymap({
    'Mod-z': undo,
    'Mod-y': redo,
    'Shift-Mod-z': redo,
    'Mod-b': commands.bold,
    'Mod-i': commands.italic,
    'Mod-`': commands.code,
    'Mod-k': (_state, _dispatch, view) => {
      dialogs.link(view)
      return true
    },
    Enter: chainCommands(commands.nextCell, splitListItem(N.list_item)),
    'Shift-Enter': lineBreak,
    Tab: goToNextCell(1),
    'Shift-Tab': goToNextCell(-1),
    'Mod-]': sinkListItem(N.list_item),
    'Mod-[': liftListItem(N.list_item),
    'Alt-ArrowUp': commands.move(-1),
    'Alt-ArrowDown': commands.move(1),
    Escape: selectParentNode,
  }),
  keymap(baseKeymap),
]

const field = new InputRule(/\{\{[^{}]*\}\}$/, (state, match, start, end) => {
  const found = fieldAt(match[0])
  return found && state.tr.replaceWith(start, end, N.merge_field.create({ path: found.path, fallback: found.fallback }))
})

export const typing = inputRules({
  rules: [
    textblockTypeInputRule(/^(#{1,3})\s$/, N.heading, (match) => ({ level: match[1].length })),
    wrappingInputRule(/^\s*[-*]\s$/, N.bullet_list),
    wrappingInputRule(/^(\d+)[.)]\s$/, N.ordered_list, (match) => ({ start: Number(match[1]) })),
    wrappingInputRule(/^\s*>\s$/, N.blockquote),
    textblockTypeInputRule(/^```$/, N.code_block),
    field,
  ],
})
