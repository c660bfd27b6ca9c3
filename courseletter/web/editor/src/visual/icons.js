// Icons that the page brings along in a template.

/**
 * @param {string} name
 * @returns {Node}
 */
export function icon(name) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById('icons'))
  return template.content.querySelector(`[data-icon=${name}]`).firstElementChild.cloneNode(true)
}
