// The lesson's document apart from the page: what tests run in Node, from the same bundle that browsers get.
export { EditorState, TextSelection } from 'prosemirror-state'
export { history, undo } from 'prosemirror-history'
export { plainTokens } from './dialect/comparing.js'
export { parse } from './document/parsing.js'
export { save } from './document/saving.js'
export { N, schema } from './document/schema.js'
