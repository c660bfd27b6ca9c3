// What is typed and not saved yet, kept in this browser by lesson: a crash or an ended session loses nothing.

/** @typedef {import('./merging.js').Content} Content */
/** `base` is what `mine` was made of, `version` its mark. @typedef {{base: Content, version: string, mine: Content, at: string}} Kept */

export class Keeper {
  /** @param {string} lesson */
  constructor(lesson) {
    this.key = `courseletter.lesson.${lesson}`
  }

  /** @param {Kept} kept @returns {boolean} false where the browser keeps nothing for us */
  keep(kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify(kept))
      return true
    } catch {
      return false // full, or forbidden by its owner
    }
  }

  /** @returns {Kept|null} */
  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? 'null')
    } catch {
      return null
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key)
    } catch {
      // as above
    }
  }
}
