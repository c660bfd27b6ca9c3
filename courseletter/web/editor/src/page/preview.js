// The preview beside the text: the mail as its server makes it, in a sandboxed frame; its size and what the checks find.
import { icon } from '../visual/icons.js'
import { byId, chosen, element, tellProblem } from './elements.js'

/** @typedef {{part: string, line: number|null, severity: 'blocking'|'warning'|'hint', message: string, mend: string}} Finding */

const KB = 1024
const KINDS = { blocking: 'Stops publishing.', warning: 'Warning.', hint: 'Hint.' }
const ICONS = { blocking: 'alert', warning: 'warn', hint: 'info' }

export class Preview {
  /**
   * @param {string} address of the lesson
   * @param {(finding: Finding) => void} goTo
   * @param {(lines: number[]) => void} mark the lines of the text that stop publishing
   */
  constructor(address, goTo, mark) {
    this.address = address
    this.goTo = goTo
    this.mark = mark
    this.asked = 0
    /** @type {Map<string, number>} people by what the field shows */
    this.people = new Map()
    for (const name of ['width', 'theme', 'form']) {
      for (const input of document.querySelectorAll(`input[name=${name}]`)) input.addEventListener('change', () => this.arrange())
    }
    document.querySelector('input[name=images]').addEventListener('change', () => this.arrange())
    byId('person').addEventListener('input', () => this.search())
    byId('person').addEventListener('change', () => this.refresh())
    this.search()
  }

  async search() {
    const typed = byId('person').value
    if (this.people.has(typed)) return
    const response = await fetch(`${this.address}/readers?q=${encodeURIComponent(typed)}`).catch(() => null)
    if (!response?.ok) return
    const found = await response.json()
    for (const { id, name } of found) this.people.set(name, id)
    byId('people').replaceChildren(...found.map(({ name }) => element('option', { value: name })))
  }

  get query() {
    const person = this.people.get(byId('person').value)
    return person === undefined ? '' : `as=${person}&`
  }

  /** The lesson was saved, or is shown to somebody else. */
  async refresh() {
    const asked = ++this.asked
    const response = await fetch(`${this.address}/mail?${this.query}`).catch(() => null)
    // A slower answer to an earlier question is no news.
    if (!response?.ok || asked !== this.asked) return
    const mail = await response.json()
    this.tell(mail.findings)
    byId('preview-waits').hidden = mail.subject !== undefined
    if (mail.subject === undefined) return
    byId('preview-subject').textContent = mail.subject
    byId('mail-text').textContent = mail.text
    byId('size').textContent = `${Math.ceil(mail.size / KB)}\u00a0KB`
    byId('size-meter').value = mail.size
    this.arrange()
  }

  arrange() {
    const asText = chosen('form') === 'text'
    const images = /** @type {HTMLInputElement} */ (document.querySelector('input[name=images]')).checked ? 'off' : 'on'
    byId('frame').className = `frame ${chosen('width')}`
    byId('mail').hidden = asText
    byId('mail-text').hidden = !asText
    const address = `${this.address}/mail.html?${this.query}theme=${chosen('theme')}&images=${images}&n=${this.asked}`
    if (!asText && byId('mail').getAttribute('src') !== address) byId('mail').setAttribute('src', address)
  }

  /** @param {Finding[]} findings */
  tell(findings) {
    const blocking = findings.filter((one) => one.severity === 'blocking')
    const others = findings.length - blocking.length
    const parts = []
    if (blocking.length) parts.push(`${blocking.length} to mend`)
    if (others) parts.push(others === 1 ? '1 remark' : `${others} remarks`)
    byId('checks-sum').textContent = parts.join(', ') || 'Nothing to mend'
    byId('findings').replaceChildren(...findings.map((one) => this.finding(one)))
    this.mark(blocking.flatMap(({ part, line }) => (part === 'body' && line ? [line] : [])))
    for (const part of ['title', 'subject', 'preheader', 'body']) {
      const first = blocking.find((one) => one.part === part)
      if (first) tellProblem(part, first.line ? `Line ${first.line}: ${first.message}` : first.message)
      else tellProblem(part, '')
    }
  }

  /** @param {Finding} finding */
  finding(finding) {
    const { line, severity, message, mend } = finding
    const button = element('button', { type: 'button', class: 'small' }, 'Go to it')
    button.addEventListener('click', () => this.goTo(finding))
    const text = element('p', {}, element('strong', {}, KINDS[severity]), ` ${line ? `Line ${line}: ` : ''}${message} `)
    text.append(element('span', { class: 'second' }, mend))
    return element('li', { class: severity }, icon(ICONS[severity]), text, button)
  }
}
