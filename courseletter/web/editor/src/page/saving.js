// Saving by itself, a second after the last key: what is so is always shown, and nothing typed is lost.
import { merge, settled } from './merging.js'

/** @typedef {import('./merging.js').Content} Content */
/** @typedef {import('./merging.js').Merge} Merge */
/** The server's lesson: its fields, version, and who saved it when. @typedef {Content & {version: string, by: string, at: string}} Saved */
/** @typedef {'saved'|'saving'|'unsaved'|'offline'|'refused'|'clash'|'signedout'} Kind */
/**
 * @typedef {{
 *   content(): Content|null, setContent(content: Content): void, put(content: Content, version: string): Promise<Response>,
 *   show(kind: Kind, told: {at?: string, by?: string, merged?: boolean, message?: string}): void,
 *   problem(field: string, message: string): void, settle(merged: Merge, theirs: Saved): Promise<Content|null>,
 *   saved(): void, time(): string,
 * }} Page
 */

const PAUSE = 1000 // milliseconds after the last key
const AGAIN = 5000 // and after a connection was lost

export class Saving {
  /**
   * @param {Page} page
   * @param {import('./keeping.js').Keeper} keeper
   * @param {Content} base the lesson as it was loaded
   * @param {string} version
   */
  constructor(page, keeper, base, version) {
    this.page = page
    this.keeper = keeper
    this.base = base
    this.version = version
    this.timer = 0
    /** @type {Promise<void>|null} */
    this.running = null
    /** @type {Saved|null} what a colleague saved, as long as it is not merged */
    this.theirs = null
    /** @type {Kind} */
    this.kind = 'saved'
  }

  get isDirty() {
    const content = this.page.content()
    return content !== null && !same(content, this.base)
  }

  /** Something was typed. */
  changed() {
    const mine = this.page.content()
    if (mine === null) return this.show('refused', { message: UNSAYABLE })
    if (same(mine, this.base) && !this.running) {
      this.keeper.forget()
      clearTimeout(this.timer)
      return this.kind === 'saved' ? undefined : this.show('saved', {})
    }
    this.keeper.keep({ base: this.base, version: this.version, mine, at: this.page.time() })
    if (this.theirs) return undefined // until the person has decided
    this.show('unsaved', {})
    return this.later(PAUSE)
  }

  later(milliseconds) {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.now(), milliseconds)
  }

  /** Save at once; resolves when all that was typed so far is saved, or cannot be. */
  async now() {
    clearTimeout(this.timer)
    if (this.running) await this.running
    if (!this.isDirty || this.theirs) return
    this.running = this.attempt(this.page.content())
    await this.running
    this.running = null
    if (this.isDirty && this.kind === 'saved') this.changed()
  }

  async attempt(mine) {
    this.show('saving', {})
    let response
    try {
      response = await this.page.put(mine, this.version)
    } catch {
      this.show('offline', {})
      this.later(AGAIN)
      return
    }
    await this.answered(response, mine)
  }

  async answered(response, mine) {
    if (response.status === 200) return this.stored(await response.json(), mine)
    if (response.status === 412) return this.stale(await response.json(), mine)
    if (response.status === 401 || response.status === 403) return this.show('signedout', {})
    if (response.status === 422) {
      const { field, message } = await response.json()
      this.page.problem(field, message)
      return this.show('refused', { message })
    }
    if (response.status === 404) return this.show('refused', { message: 'This lesson was taken out of its course. What you wrote is kept in this browser.' })
    this.show('offline', { message: 'The server did not take it. What you wrote is kept in this browser; it is tried again.' })
    return this.later(AGAIN)
  }

  /** @param {Saved} saved @param {Content} mine */
  stored(saved, mine, merged = false) {
    this.base = mine
    this.version = saved.version
    this.page.problem('', '')
    if (!this.isDirty) this.keeper.forget()
    this.show('saved', { at: saved.at, by: merged ? saved.by : '', merged })
    this.page.saved()
  }

  /** Somebody else saved first: merge by paragraph, and ask only about what both changed. */
  async stale(saved, mine) {
    const theirs = contentOf(saved, mine)
    if (same(theirs, mine)) return this.stored(saved, mine)
    const merged = merge(this.base, mine, theirs)
    this.theirs = saved
    if (merged.clashes.length) return this.show('clash', { by: saved.by, at: saved.at })
    return this.take(settled(merged, ({ mine: own }) => own))
  }

  /** Let the person decide about clashes; what they type meanwhile is theirs still. */
  async decide() {
    const mine = this.page.content()
    if (!this.theirs || mine === null) return
    const merged = merge(this.base, mine, contentOf(this.theirs, mine))
    const decided = await this.page.settle(merged, this.theirs)
    if (decided) await this.take(decided)
  }

  /** Go on from the colleague's version with a merged text. */
  async take(content) {
    const theirs = this.theirs
    this.theirs = null
    this.base = contentOf(theirs, content)
    this.version = theirs.version
    this.page.setContent(content)
    this.keeper.keep({ base: this.base, version: this.version, mine: content, at: this.page.time() })
    if (same(content, this.base)) return this.stored(theirs, content, true)
    await this.attempt(content)
    if (this.kind === 'saved') this.show('saved', { at: this.page.time(), by: theirs.by, merged: true })
    return undefined
  }

  /** Put back what this browser kept, with what it was made of. @param {import('./keeping.js').Kept} kept */
  restore(kept) {
    this.base = kept.base
    this.version = kept.version
    this.page.setContent(kept.mine)
    this.changed()
  }

  show(kind, told) {
    this.kind = kind
    this.page.show(kind, told)
  }
}

export const UNSAYABLE = 'This change cannot be written as Markdown. Undo it, or make it in the Markdown view.'

/** The fields of a lesson, those that the form has. */
const contentOf = (saved, like) => Object.fromEntries(Object.keys(like).map((field) => [field, saved[field]]))

/** @param {Content} a @param {Content} b */
export const same = (a, b) => Object.keys(a).every((field) => a[field] === b[field])
