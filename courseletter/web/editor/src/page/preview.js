// The preview beside the text: the mail as its server makes it, in a sandboxed frame; its size and its problems.
import { icon } from '../visual/icons.js'
import { byId, chosen, element, tellProblem } from './elements.js'

/** @typedef {{field: string, line: number|null, message: string}} Problem */

const KB = 1024

export class Preview {
  /**
   * @param {string} address of the lesson
   * @param {(problem: Problem) => void} goTo
   */
  constructor(address, goTo) {
    this.address = address
    this.goTo = goTo
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
    this.tell(mail.problems)
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

  /** @param {Problem[]} problems */
  tell(problems) {
    const many = problems.length === 1 ? '1 to mend' : `${problems.length} to mend`
    byId('checks-sum').textContent = problems.length ? many : 'Nothing to mend'
    byId('findings').replaceChildren(...problems.map((problem) => this.finding(problem)))
    for (const field of ['title', 'subject', 'preheader', 'body']) {
      const first = problems.find((problem) => problem.field === field)
      if (first) tellProblem(field, first.line ? `Line ${first.line}: ${first.message}` : first.message)
      else tellProblem(field, '')
    }
  }

  finding(problem) {
    const where = problem.line ? `Line ${problem.line}: ` : ''
    const button = element('button', { type: 'button', class: 'small' }, 'Go to it')
    button.addEventListener('click', () => this.goTo(problem))
    const text = element('p', {}, `${where}${problem.message}`)
    text.append(element('span', { class: 'second' }, ' Publishing waits for this.'))
    return element('li', {}, icon('alert'), text, button)
  }
}
