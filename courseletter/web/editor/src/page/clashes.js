// The dialog about paragraphs that two people changed: each side by side, nothing chosen for anybody.
import { both, settled } from './merging.js'
import { ask } from './dialog.js'
import { byId, element } from './elements.js'

const NAMES = {
  title: 'The title', subject: 'The subject', preheader: 'The preview text', recap: 'The recap', teaser: 'The teaser',
  only_if: 'Whom it is for', gap_days: 'The days before it', body: 'A paragraph',
}

/**
 * @param {import('./merging.js').Merge} merged
 * @param {import('./saving.js').Saved} theirs
 * @param {string} now the time of one's own version
 * @returns {Promise<import('./merging.js').Content|null>} null when the person decides later
 */
export async function settle(merged, theirs, now) {
  const { clashes } = merged
  const name = theirs.by || 'Somebody'
  const many = clashes.length === 1 ? 'one place' : `${clashes.length} places`
  byId('conflict-lead').textContent = clashes.length
    ? `You and ${name} both changed ${many}. All other changes of both are kept.`
    : `You and ${name} changed different places. The changes of both are kept.`
  byId('clashes').replaceChildren(...clashes.map((clash, i) => choices(clash, i, `${begun(possessive(name))}, ${theirs.at}`, now)))
  if (!(await ask('conflict', () => true))) return null
  return settled(merged, (clash) => {
    const chosen = /** @type {HTMLInputElement} */ (document.querySelector(`[name=clash-${clashes.indexOf(clash)}]:checked`)).value
    if (chosen === 'both') return both(clash)
    return chosen === 'theirs' ? clash.theirs : clash.mine
  })
}

/** A text as the beginning of a line. */
export const begun = (text) => text.charAt(0).toUpperCase() + text.slice(1)
const possessive = (name) => (name.endsWith('s') ? `${name}’` : `${name}’s`)

function choices(clash, i, their, now) {
  const options = [['mine', `Yours, ${now}`, clash.mine], ['theirs', their, clash.theirs]]
  if (clash.field === 'body' && clash.mine.trim() && clash.theirs.trim()) options.push(['both', 'Both, theirs first', ''])
  return element('fieldset', { class: 'choices' }, element('legend', {}, NAMES[clash.field]), ...options.map(([value, label, text], k) => {
    const radio = element('input', { type: 'radio', name: `clash-${i}`, value, ...(k ? {} : { checked: '' }) })
    const shown = text || value === 'both' ? text.trim() : 'Taken out'
    return element('label', { class: 'choice' }, radio, element('span', {}, label, element('small', {}, shown)))
  }))
}
