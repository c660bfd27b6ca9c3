// How the source view colours MJML: it is XML, and Jinja2 stands anywhere in it, also inside an attribute, so that
// it is marked over what the XML is.
import { LRLanguage } from '@codemirror/language'
import { Decoration, MatchDecorator, ViewPlugin } from '@codemirror/view'
import { parser } from '@lezer/xml'

const jinja = new MatchDecorator({ regexp: /\{(?:\{.*?\}|%.*?%|#.*?#)\}/g, decoration: Decoration.mark({ class: 'cm-jinja' }) })
const expressions = ViewPlugin.fromClass(
  class {
    constructor(view) { this.marks = jinja.createDeco(view) }
    update(update) { this.marks = jinja.updateDeco(update, this.marks) }
  },
  { decorations: (plugin) => plugin.marks },
)

export const language = [LRLanguage.define({ name: 'mjml', parser }), expressions]
