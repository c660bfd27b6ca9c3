// Pasted HTML from Word, Google Docs and web pages, before ProseMirror's schema drops what it does not know.

/**
 * @param {string} html
 * @returns {string} with real lists, tables with a head, and neither styles nor handlers: each would be a report of our policy
 */
export function cleaned(html) {
  const unstyled = html
    .replace(/<style[\s\S]*?<\/style>/gi, '')
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\s(style|on\w+)(?=\s*=)/gi, ' data-$1'))
  const { body } = new DOMParser().parseFromString(unstyled, 'text/html')
  dropStrangers(body)
  wordLists(body)
  googleDocs(body)
  tables(body)
  pictures(body)
  links(body)
  spaces(body)
  return body.innerHTML
}

const styleOf = (element) => element.getAttribute('data-style') ?? ''
const unwrap = (element) => element.replaceWith(...element.childNodes)

function dropStrangers(body) {
  for (const element of body.querySelectorAll('script, meta, link, title, xml, template, object, embed, svg, br.Apple-interchange-newline')) {
    element.remove()
  }
  for (const element of body.querySelectorAll('o\\:p')) unwrap(element)
  const comments = []
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_COMMENT)
  while (walker.nextNode()) comments.push(walker.currentNode)
  for (const comment of comments) comment.remove()
}

/** Word writes list items as paragraphs, with the bullet as text and the depth in a style. */
function wordLists(body) {
  /** @type {HTMLElement[]} the open lists, the outermost first */
  let open = []
  for (const paragraph of [...body.querySelectorAll('p')]) {
    const level = /mso-list:\s*l\d+ level(\d)/.exec(styleOf(paragraph))
    const follows = open.length && open[0].nextElementSibling === paragraph
    if (!follows) open = []
    if (!level) continue
    const marker = [...paragraph.querySelectorAll('span')].find((span) => /mso-list:\s*Ignore/i.test(styleOf(span)))
    const tag = /^[\da-z]+[.)]/i.test(marker?.textContent.trim() ?? '') ? 'ol' : 'ul'
    marker?.remove()
    open.length = Math.min(open.length, Number(level[1]))
    while (open.length < Number(level[1])) {
      const list = body.ownerDocument.createElement(tag)
      const parent = open.at(-1)
      if (parent) (parent.lastElementChild ?? parent).append(list)
      else paragraph.before(list)
      open.push(list)
    }
    const item = body.ownerDocument.createElement('li')
    item.append(...paragraph.childNodes)
    open.at(-1).append(item)
    paragraph.remove()
  }
}

/** Google Docs wraps all in a bold <b>, says bold by style, and nests lists beside their item. */
function googleDocs(body) {
  for (const element of body.querySelectorAll('b[id^=docs-internal-guid]')) unwrap(element)
  for (const element of body.querySelectorAll('b, strong')) {
    if (/(^|;)\s*font-weight:\s*(normal|400)/.test(styleOf(element))) unwrap(element)
  }
  for (const list of body.querySelectorAll('ul > ul, ul > ol, ol > ul, ol > ol')) list.previousElementSibling?.append(list)
  for (const span of body.querySelectorAll('span')) {
    if (/font-weight:\s*(bold|[6-9]00)/.test(styleOf(span))) wrapInside(span, 'strong')
    if (/font-style:\s*italic/.test(styleOf(span))) wrapInside(span, 'em')
  }
}

function wrapInside(element, tag) {
  const wrapper = element.ownerDocument.createElement(tag)
  wrapper.append(...element.childNodes)
  element.append(wrapper)
}

/** One row of heads, then cells that hold text alone, all rows of one width: what Markdown can say. */
function tables(body) {
  for (const table of body.querySelectorAll('table')) {
    const rows = [...table.querySelectorAll('tr')]
    rows.forEach((row, i) => {
      for (const cell of [...row.children]) {
        const tag = i === 0 ? 'th' : 'td'
        const plain = body.ownerDocument.createElement(tag)
        for (const inside of cell.querySelectorAll('p, div, h1, h2, h3, h4, h5, h6, li, ul, ol')) {
          inside.after(' ')
          unwrap(inside)
        }
        plain.append(...cell.childNodes)
        cell.replaceWith(plain)
      }
    })
    const width = Math.max(...rows.map((row) => row.children.length))
    for (const row of rows) {
      while (row.children.length < width) row.append(body.ownerDocument.createElement(row === rows[0] ? 'th' : 'td'))
    }
  }
}

/** Pictures out of a document's inside cannot be fetched; they have to be uploaded. */
function pictures(body) {
  for (const picture of body.querySelectorAll('img')) {
    if (!/^(https?:|images\/)/.test(picture.getAttribute('src') ?? '')) picture.remove()
  }
}

function links(body) {
  for (const link of body.querySelectorAll('a')) {
    if (!/^(https?:|mailto:|tel:|#|\/)/i.test(link.getAttribute('href') ?? '')) unwrap(link)
  }
}

function spaces(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = /** @type {Text} */ (walker.currentNode)
    text.data = text.data.replace(/\u00a0/g, ' ')
  }
}
