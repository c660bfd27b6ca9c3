// A dialog that asks for something: the focus goes in and comes back, and nothing wrong gets out.
import { byId } from './elements.js'

/** What each dialog was last asked: a browser tells of its closing later than it closes. @type {WeakMap<HTMLDialogElement, Promise<boolean>>} */
const asked = new WeakMap()

/**
 * @param {string} id
 * @param {() => boolean|Promise<boolean>} accept whether what was entered can be used; tells problems itself
 * @returns {Promise<boolean>} false when it was closed without an answer
 */
export async function ask(id, accept) {
  const dialog = /** @type {HTMLDialogElement} */ (byId(id))
  await asked.get(dialog)
  const answer = open(dialog, accept)
  asked.set(dialog, answer)
  return answer
}

/** @param {HTMLDialogElement} dialog @param {() => boolean|Promise<boolean>} accept @returns {Promise<boolean>} */
function open(dialog, accept) {
  const form = dialog.querySelector('form')
  return new Promise((resolve) => {
    const away = new AbortController()
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      if (await accept()) dialog.close('ok')
    }, away)
    for (const button of dialog.querySelectorAll('[data-close]')) button.addEventListener('click', () => dialog.close(''), away)
    dialog.addEventListener('close', () => {
      away.abort()
      resolve(dialog.returnValue === 'ok')
    }, { once: true })
    dialog.returnValue = ''
    dialog.showModal()
  })
}
