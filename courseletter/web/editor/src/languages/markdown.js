// How the source view colours Markdown.
import { markdownLanguage } from '@codemirror/lang-markdown'

export const language = [markdownLanguage]
