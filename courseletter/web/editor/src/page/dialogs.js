// What the text asks for in a dialog: a picture with its words, a link, a merge field.
import { NodeSelection, TextSelection } from 'prosemirror-state'
import { PATH, tidyFallback } from '../dialect/fields.js'
import { markdown } from '../dialect/markdown.js'
import { M, N, schema } from '../document/schema.js'
import { linkAt } from '../visual/commands.js'
import { ask } from './dialog.js'
import { byId, tellProblem } from './elements.js'

/** @typedef {import('prosemirror-view').EditorView} EditorView */

const MOST_OCTETS = 10_000_000
const REACHABLE = /^(https?:\/\/|mailto:|tel:|#|\/|\{\{)/i

/** @param {EditorView} view @param {import('prosemirror-model').NodeType} type */
const selected = (view, type) => {
  const { selection } = view.state
  return selection instanceof NodeSelection && selection.node.type === type ? selection.node : null
}

export class Dialogs {
  /** @param {(file: File) => Promise<{src: string}|{message: string}>} upload */
  constructor(upload) {
    this.upload = upload
  }

  /** @param {EditorView} view @param {File|null} dropped */
  async image(view, dropped = null) {
    const old = selected(view, N.image)
    byId('image-file').value = ''
    for (const name of ['src', 'alt', 'width']) byId(`image-${name}`).value = old?.attrs[name] ?? ''
    byId('image-decorative').checked = old?.attrs.decorative ?? false
    for (const name of ['file', 'src', 'alt', 'width']) tellProblem(`image-${name}`, '')
    if (dropped) {
      const files = new DataTransfer()
      files.items.add(dropped)
      byId('image-file').files = files.files
    }
    if (await ask('image-dialog', () => this.acceptImage())) {
      const decorative = byId('image-decorative').checked
      const attrs = {
        src: markdown.normalizeLink(byId('image-src').value.trim()),
        alt: decorative ? '' : byId('image-alt').value.trim(),
        decorative,
        width: byId('image-width').value.trim() || null,
        title: old?.attrs.title ?? null,
      }
      const image = N.image.create(attrs)
      // Beside words a picture is as large as its file in Outlook; in a paragraph of its own it fits the mail.
      const beside = !old && view.state.selection.$from.parent.type === N.paragraph
      view.dispatch(view.state.tr.replaceSelectionWith(beside ? N.paragraph.create(null, image) : image, false).scrollIntoView())
    }
    view.focus()
  }

  /** @param {EditorView} view @param {File} file */
  files(view, file) {
    return this.image(view, file)
  }

  async acceptImage() {
    const decorative = byId('image-decorative').checked
    const width = byId('image-width').value.trim()
    tellProblem('image-alt', decorative || byId('image-alt').value.trim() ? '' : 'Say what the picture shows, or tick that it is decoration.')
    tellProblem('image-width', !width || /^[1-9]\d{0,3}$/.test(width) ? '' : 'Write a number of pixels, such as 480.')
    tellProblem('image-src', '')
    tellProblem('image-file', '')
    if (byId('image-alt-problem').hidden && byId('image-width-problem').hidden) await this.fetchAddress()
    const wrong = document.querySelector('#image-dialog [aria-invalid=true]')
    if (wrong instanceof HTMLElement) wrong.focus()
    return !wrong
  }

  /** The address of the picture: typed, or where the upload now is. */
  async fetchAddress() {
    const file = byId('image-file').files[0]
    if (file) {
      const told = await this.sent(file)
      if ('message' in told) return tellProblem('image-file', told.message)
      byId('image-src').value = told.src
      byId('image-file').value = ''
    }
    const src = byId('image-src').value.trim()
    if (!/^(https?:\/\/|images\/|\{\{)/.test(src)) tellProblem('image-src', 'Choose a file, or write an address that begins with https://.')
  }

  async sent(file) {
    if (file.size > MOST_OCTETS) return { message: 'This picture is larger than 10 MB. Save a copy 1200 pixels wide, and try that.' }
    return this.upload(file)
  }

  /** @param {EditorView} view @param {boolean} asButton */
  async link(view, asButton = false) {
    const old = linkAt(view.state)
    const { from, to } = old ?? view.state.selection
    byId('link-text').value = view.state.doc.textBetween(from, to, ' ', (leaf) => leaf.type.spec.leafText?.(leaf) ?? '')
    byId('link-href').value = old?.mark.attrs.href ?? ''
    byId('link-button').checked = old?.mark.attrs.button ?? asButton
    byId('link-remove').hidden = !old
    const before = byId('link-text').value
    tellProblem('link-href', '')
    tellProblem('link-text', '')
    let removed = false
    byId('link-remove').onclick = () => {
      removed = true
      byId('link-dialog').close('ok')
    }
    if (await ask('link-dialog', acceptLink)) {
      const attrs = { ...old?.mark.attrs, href: addressOf(byId('link-href').value), button: byId('link-button').checked }
      const mark = removed ? null : M.link.create(attrs)
      view.dispatch(linked(view.state, { from, to }, mark, before === byId('link-text').value ? null : byId('link-text').value))
    }
    view.focus()
  }

  /** @param {EditorView} view */
  async field(view) {
    const old = selected(view, N.merge_field)
    const path = byId('field-path')
    const known = [...path.options].map((option) => option.value)
    if (old && !known.includes(old.attrs.path) && PATH.test(old.attrs.path)) path.add(new Option(old.attrs.path, old.attrs.path))
    path.value = old?.attrs.path ?? 'subscriber.first_name'
    byId('field-fallback').value = old?.attrs.fallback ?? (old ? '' : 'friend')
    if (await ask('field-dialog', () => true)) {
      const attrs = { path: path.value, fallback: tidyFallback(byId('field-fallback').value.trim()) || null }
      view.dispatch(view.state.tr.replaceSelectionWith(N.merge_field.create(attrs), true).scrollIntoView())
    }
    view.focus()
  }
}

function acceptLink() {
  const href = byId('link-href').value.trim()
  tellProblem('link-text', byId('link-text').value.trim() ? '' : 'Write what readers press on.')
  tellProblem('link-href', REACHABLE.test(addressOf(href)) ? '' : 'Write an address that begins with https://.')
  const wrong = document.querySelector('#link-dialog [aria-invalid=true]')
  if (wrong instanceof HTMLElement) wrong.focus()
  return !wrong
}

/** `example.org` is meant as a page. */
function addressOf(typed) {
  const address = typed.trim()
  const whole = /^[\w-]+(\.[\w-]+)+([/?#]|$)/.test(address) ? `https://${address}` : address
  return markdown.normalizeLink(whole)
}

/** The text between two places with this link or none, and with other words where they changed. */
function linked(state, { from, to }, mark, words) {
  const tr = state.tr
  let end = to
  if (words !== null) {
    tr.replaceWith(from, to, schema.text(words, state.doc.resolve(from).marks().filter((one) => one.type !== M.link)))
    end = from + words.length
  }
  tr.removeMark(from, end, M.link)
  if (mark) tr.addMark(from, end, mark)
  tr.setSelection(TextSelection.create(tr.doc, end))
  return tr.removeStoredMark(M.link).scrollIntoView()
}
