// Elements of the page by id, and problems told under their field.

/**
 * @param {string} id
 * @returns {any} the page's template has it
 */
export const byId = (id) => document.getElementById(id)

/**
 * Show what is wrong under a field, or with '' that nothing is.
 * @param {string} id of the field
 * @param {string} message
 */
export function tellProblem(id, message) {
  const told = byId(`${id}-problem`)
  told.hidden = !message
  told.querySelector('span').textContent = message
  if (message) byId(id).setAttribute('aria-invalid', 'true')
  else byId(id).removeAttribute('aria-invalid')
}

/** The chosen radio button of a name. @param {string} name @returns {string} */
export const chosen = (name) => /** @type {HTMLInputElement} */ (document.querySelector(`input[name=${name}]:checked`)).value

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node|string)[]} content
 */
export function element(tag, attributes = {}, ...content) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...content)
  return made
}
