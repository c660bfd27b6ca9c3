// What is typed and not saved yet, kept in this browser by lesson and page: a crash or an ended session loses
// nothing, and two tabs do not write over each other.

/** @typedef {import('./merging.js').Content} Content */
/** `base` is what `mine` was made of, `version` its mark. @typedef {{base: Content, version: string, mine: Content, at: string}} Kept */

export class Keeper {
  /** @param {string} lesson */
  constructor(lesson) {
    this.prefix = `courseletter.lesson.${lesson}.`
    this.key = `${this.prefix}${Date.now()}.${Math.random()}`
  }

  /** @param {Kept} kept */
  keep(kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify(kept))
    } catch {
      // full, or forbidden by its owner: then the page alone has it
    }
  }

  /** What an earlier page left, the newest first. @returns {{key: string, kept: Kept}|null} */
  left() {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix) && key !== this.key)
      const key = keys.sort().at(-1)
      return key ? { key, kept: JSON.parse(localStorage.getItem(key)) } : null
    } catch {
      return null
    }
  }

  forget(key = this.key) {
    try {
      localStorage.removeItem(key)
    } catch {
      // as above
    }
  }
}
