// The lesson's page: the form with script. Without it the form saves by its button.
import { begun, settle } from './page/clashes.js'
import { Dialogs } from './page/dialogs.js'
import { byId, element, tellProblem } from './page/elements.js'
import { Keeper } from './page/keeping.js'
import { Preview } from './page/preview.js'
import { same, Saving } from './page/saving.js'
import { Writing } from './page/writing.js'
import { icon } from './visual/icons.js'

/** @typedef {import('./page/merging.js').Content} Content */

const form = /** @type {HTMLFormElement} */ (byId('lesson'))
const address = form.action
const FIELDS = ['title', 'subject', 'preheader', 'recap', 'teaser', 'only_if', 'gap_days']
/** A hidden field of the form. @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
const isMarkdown = form.dataset.format === 'markdown'

const writing = new Writing(byId('body'), new Dialogs(upload), { isMarkdown, changed: soon(() => saving.changed()) })
const preview = new Preview(address, goTo, (lines) => writing.mark(lines))
// What was kept of a lesson's Markdown is not put back into its MJML.
const keeper = new Keeper(isMarkdown ? form.dataset.id : `${form.dataset.id}.mjml`)
const saving = new Saving(
  { content, setContent, put, show, problem, saved: () => preview.refresh(), settle: (merged, theirs) => settle(merged, { ...theirs, by: saver(theirs.by) }, time()), time },
  keeper,
  content(),
  field('version').value,
)

start()

async function start() {
  byId('tools').hidden = !isMarkdown
  byId('beside').hidden = false
  byId('keys-open').hidden = false
  await writing.show(isMarkdown ? 'visual' : 'source')
  for (const output of form.querySelectorAll('output')) count(output)
  listen()
  offerKept()
  preview.refresh()
  goToNamed()
  form.dataset.ready = ''
}

function listen() {
  for (const name of FIELDS) byId(name).addEventListener('input', () => {
    tellProblem(name, '')
    saving.changed()
  })
  byId('title').addEventListener('input', () => { byId('heading').textContent = byId('title').value || 'Untitled' })
  for (const radio of document.querySelectorAll('input[name=view]')) radio.addEventListener('change', switchView)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    saving.now()
  })
  byId('test').addEventListener('submit', sendTest)
  byId('format').addEventListener('submit', changeFormat)
  byId('keys-open').addEventListener('click', () => byId('keys').showModal())
  document.addEventListener('keydown', shortcut)
  window.addEventListener('online', () => saving.now())
  document.addEventListener('visibilitychange', () => document.hidden && saving.now())
}

/** @returns {Content|null} */
function content() {
  const body = writing.text()
  if (body === null) return null
  return { ...Object.fromEntries(FIELDS.map((name) => [name, byId(name).value])), body }
}

function setContent(next) {
  for (const name of FIELDS) if (byId(name).value !== next[name]) byId(name).value = next[name]
  byId('heading').textContent = next.title
  for (const output of form.querySelectorAll('output')) output.dispatchEvent(new Event('recount'))
  writing.setText(next.body)
}

function put(next, version) {
  const data = new FormData()
  data.set('form_token', field('form_token').value)
  data.set('format', form.dataset.format)
  for (const [name, value] of Object.entries(next)) data.set(name, value)
  return fetch(address, { method: 'PUT', body: data, headers: { 'If-Match': `"${version}"` } })
}

async function upload(file) {
  const data = new FormData()
  data.set('form_token', field('form_token').value)
  data.set('file', file)
  const response = await fetch(`${address}/images`, { method: 'POST', body: data }).catch(() => null)
  if (response?.status === 201 || response?.status === 422) return response.json()
  if (response?.status === 413) return { message: 'This picture is larger than 10 MB. Save a copy 1200 pixels wide, and try that.' }
  if (response?.status === 401 || response?.status === 403) return { message: 'You were signed out. Sign in in another tab, then try again.' }
  return { message: 'Not uploaded: no connection. Try again.' }
}

/** Who has saved a lesson, as its writer is told. @param {string} by a name, "" of nobody known */
const saver = (by) => (by && by === form.dataset.writer ? 'your other tab' : by)

const TOLD = {
  saved: ({ at, by, merged }) => (merged ? `Saved ${at}, with ${saver(by) || 'a colleague'}’s changes` : `Saved${at ? ` ${at}` : ''}`),
  saving: () => 'Saving',
  unsaved: () => 'Not saved yet',
  offline: ({ message }) => message ?? 'Not saved: no connection. Kept in this browser.',
  refused: ({ message }) => `Not saved: ${message}`,
  clash: ({ by, at }) => `${begun(saver(by)) || 'Somebody'} saved this at ${at}.`,
  signedout: () => 'You were signed out. What you wrote is safe in this browser.',
}

function show(kind, told) {
  const state = byId('state')
  if (kind === 'saved' && told.at) form.dataset.saved = told.at
  const at = kind === 'saved' && !told.at ? form.dataset.saved : told.at
  state.dataset.kind = kind
  state.replaceChildren(TOLD[kind]({ ...told, at }))
  if (kind === 'clash') {
    const compare = element('button', { type: 'button', class: 'link', id: 'compare' }, 'Compare both')
    compare.addEventListener('click', () => saving.decide())
    state.append(' ', compare)
  }
  if (kind === 'signedout') state.append(' ', element('a', { href: location.pathname, target: '_self', id: 'sign-in-again' }, 'Sign in and go on'))
}

/** The field that was refused last; what the preview finds wrong stays. */
let refused = ''

function problem(field, message) {
  if (refused) tellProblem(refused, '')
  refused = field
  if (field) tellProblem(field, message)
  if (['gap_days', 'only_if', 'recap', 'teaser'].includes(field)) form.querySelector('details').open = true
}

/** What this browser kept of an earlier visit and the server does not have. */
function offerKept() {
  const left = keeper.left()
  if (!left) return undefined
  const { key, kept } = left
  if (same(kept.mine, content())) return keeper.forget(key)
  const back = element('button', { type: 'button', id: 'put-back' }, 'Put it back')
  const drop = element('button', { type: 'button', class: 'quiet' }, 'Throw it away')
  const note = element('div', { class: 'note warn', role: 'status', id: 'kept' })
  const text = element('p', {}, element('strong', {}, `What you wrote at ${kept.at} was not saved.`), ' This browser has kept it.')
  note.append(icon('warn'), text, element('div', { class: 'acts' }, back, drop))
  back.addEventListener('click', () => {
    saving.restore(kept)
    keeper.forget(key)
    note.remove()
    writing.visual?.view.focus()
  })
  drop.addEventListener('click', () => {
    keeper.forget(key)
    note.remove()
    byId('title').focus()
  })
  return byId('notices').append(note)
}

async function switchView(event) {
  const radio = event.target
  if (await writing.show(radio.value)) return
  // The visual view holds what cannot be written, and keeps it.
  /** @type {HTMLInputElement} */ (document.querySelector('input[name=view][value=visual]')).checked = true
}

/** @param {{part: string, line: number|null}} place */
function goTo({ part, line }) {
  if (part === 'body') return writing.goTo(line ?? 1)
  byId(part)?.closest('details')?.setAttribute('open', '')
  byId(part)?.focus()
}

/** A list of findings elsewhere leads here: #line-12, #subject. */
function goToNamed() {
  const named = location.hash.slice(1)
  const line = /^line-(\d+)$/.exec(named)
  if (line) goTo({ part: 'body', line: Number(line[1]) })
  else if (FIELDS.includes(named)) goTo({ part: named, line: null })
}

async function sendTest(event) {
  event.preventDefault()
  tell('Sending')
  await saving.now()
  const response = await fetch(event.target.action, { method: 'POST', body: new FormData(event.target), headers: { Accept: 'application/json' } }).catch(() => null)
  if (!response) return tell('Not sent: no connection.')
  if (response.status === 401 || response.status === 403) return show('signedout', {})
  return tell((await response.json()).message)
}

/** The lesson goes over to another format as it is saved, so it is saved first. */
async function changeFormat(event) {
  if (!saving.isDirty && !saving.running) {
    event.target.elements.version.value = saving.version
    return undefined
  }
  event.preventDefault()
  await saving.now()
  if (saving.isDirty) return tell('Not done: what you wrote is not saved. Mend what it says above, then try again.')
  return event.target.requestSubmit(event.submitter)
}

const tell = (message) => { byId('told').textContent = message }

function shortcut(event) {
  const modifier = event.ctrlKey || event.metaKey
  if (modifier && event.key.toLowerCase() === 's') {
    event.preventDefault()
    saving.now()
  } else if (modifier && event.key === 'Enter') {
    event.preventDefault()
    saving.now().then(() => { location.href = /** @type {HTMLAnchorElement} */ (document.querySelector('.head .main')).href })
  } else if (event.key === '?' && !event.target.closest('input, textarea, select, [contenteditable=true], dialog, #source')) {
    byId('keys').showModal()
  }
}

const FALLBACK = /(?<!\\)\{\{[^{}|]*\|\s*default\((['"])(.*?)\1\)\s*\}\}/g

/** How much of a line an inbox shows, told beside it: fields as their fallbacks, like campaigns/wording.py's shown(). */
function count(output) {
  const field = byId(output.htmlFor.value)
  const paint = () => {
    const { length } = field.value.replace(FALLBACK, (...found) => found[2]).replaceAll('\\{{', '{{')
    output.textContent = `${length} of ${output.dataset.most}`
    output.classList.toggle('over', length > Number(output.dataset.most))
  }
  field.addEventListener('input', paint)
  output.addEventListener('recount', paint)
  paint()
}

/** Not at every key: to write the lesson as Markdown takes some milliseconds. */
function soon(act) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = window.setTimeout(act, 150)
  }
}

function time() {
  return new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}
