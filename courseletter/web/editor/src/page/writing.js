// The lesson's text in its two views, over the textarea that the form sends.
import { Toolbar } from '../visual/toolbar.js'
import { Visual } from '../visual/visual.js'
import { byId } from './elements.js'

export class Writing {
  /**
   * @param {HTMLTextAreaElement} area
   * @param {import('./dialogs.js').Dialogs} dialogs
   * @param {{isMarkdown: boolean, changed(): void}} page
   */
  constructor(area, dialogs, page) {
    this.area = area
    this.page = page
    this.dialogs = dialogs
    // A textarea shows every line end as LF.
    this.last = area.value
    /** @type {Visual|null} */
    this.visual = null
    /** @type {import('../source.js').Source|null} */
    this.source = null
    /** @type {number[]} lines that stop publishing */
    this.wrong = []
    this.toolbar = page.isMarkdown ? new Toolbar(byId('toolbar'), byId('table-tools'), () => this.visual?.view ?? null, dialogs) : null
  }

  /** The text as it stands; null where the visual view holds what no Markdown says. @returns {string|null} */
  text() {
    const text = this.visual ? this.visual.text() : this.source?.text() ?? this.last
    if (text !== null) this.last = this.area.value = text
    return text
  }

  setText(text) {
    this.last = this.area.value = text
    this.visual?.setText(text)
    this.source?.setText(text)
  }

  /** @param {'visual'|'source'} name @returns {Promise<boolean>} false where the text must be mended first */
  async show(name) {
    if (this.text() === null) return false
    const made = name === 'source' ? await this.parts() : null
    this.visual?.destroy()
    this.source?.destroy()
    this.visual = this.source = null
    byId('plain').hidden = true
    byId('visual').hidden = name !== 'visual'
    byId('source').hidden = name !== 'source'
    byId('toolbar').hidden = name !== 'visual'
    byId('table-tools').hidden = true
    const changed = () => this.page.changed()
    if (made) {
      const label = this.page.isMarkdown ? 'Lesson text, in Markdown' : 'Lesson, in MJML and Jinja2'
      const [{ Source }, { language }] = made
      this.source = new Source(byId('source'), this.last, { changed, label, language })
      this.source.mark(this.wrong)
    } else {
      this.visual = new Visual(byId('visual'), this.last, {
        changed, dialogs: this.dialogs, menu: byId('slash'), language: this.area.lang, moved: (view) => this.toolbar?.update(view),
      })
    }
    return true
  }

  /** What the source view is made of, on first use: of the two languages only the lesson's. */
  parts() {
    return Promise.all([import('../source.js'), this.page.isMarkdown ? import('../languages/markdown.js') : import('../languages/mjml.js')])
  }

  /** @param {number[]} lines that stop publishing */
  mark(lines) {
    this.wrong = lines
    this.source?.mark(lines)
  }

  goTo(line) {
    (this.visual ?? this.source)?.goTo(line)
  }
}
