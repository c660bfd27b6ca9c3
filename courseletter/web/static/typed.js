// What is typed while an answer is under way. An answer that brings a form back has what stood in it when it was
// asked: what somebody has changed since is carried over, with the focus and the caret. What they did not touch
// is the server's, which may have corrected it.

const REMEMBERED = "input:not([type=hidden], [type=file], [type=submit], [type=button]), select, textarea";
const TICKED = "[type=checkbox], [type=radio]";
const asked = new WeakMap(); // request -> what stood in each field when it went out
const held = new WeakMap(); // request -> { changed, focused }: what the answer is about to take away

const controls = () => [...document.querySelectorAll(REMEMBERED)].filter((one) => one.name);
const valueOf = (control) => (control.matches(TICKED) ? control.checked : control.value);

// A field is the same one in the answer if its form leads to the same address and it has the same name there;
// of several of one name, the one with the same value to tick, else the one at the same place.
function keyed(found) {
  const places = new Map();
  return new Map(found.map((control) => {
    const to = control.form ? (control.form.getAttribute("action") ?? location.pathname) : "";
    const name = JSON.stringify([to, control.type, control.name, control.matches(TICKED) ? control.value : ""]);
    places.set(name, (places.get(name) ?? -1) + 1);
    return [`${name} ${places.get(name)}`, control];
  }));
}

document.addEventListener("htmx:beforeSend", (event) => {
  const stood = [...keyed(controls())].map(([key, control]) => [key, valueOf(control)]);
  asked.set(event.detail.xhr, new Map(stood));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const before = asked.get(event.detail.xhr);
  if (!before) return;
  const changed = [];
  let focused = null;
  for (const [key, control] of keyed(controls())) {
    const isNew = before.has(key) && before.get(key) !== valueOf(control);
    if (isNew) changed.push({ key, control, value: valueOf(control) });
    if (isNew && control === document.activeElement) focused = { key, control, caret: [control.selectionStart, control.selectionEnd, control.selectionDirection] };
  }
  held.set(event.detail.xhr, { changed, focused });
});

document.addEventListener("htmx:afterSwap", (event) => {
  const { changed, focused } = held.get(event.detail.xhr) ?? {};
  if (!changed) return;
  held.delete(event.detail.xhr);
  const lost = changed.filter(({ control }) => !control.isConnected);
  if (!lost.length) return;
  const now = keyed(controls());
  const carried = lost.filter(({ key, value }) => now.has(key) && put(now.get(key), value)).map(({ key }) => now.get(key));
  const heir = focused && !focused.control.isConnected && now.get(focused.key);
  if (heir) {
    heir.focus({ preventScroll: true });
    if (typeof focused.caret[0] === "number") heir.setSelectionRange(...focused.caret);
  }
  for (const control of carried) tell(control);
});

function put(control, value) {
  if (control.disabled || control.readOnly || valueOf(control) === value) return false;
  if (control.type === "radio" && !value) return false; // another one of them is ticked
  if (control.matches(TICKED)) control.checked = value;
  else if (control.matches("select") && ![...control.options].some((one) => one.value === value)) return false;
  else control.value = value;
  return true;
}

// Whatever listens to what is typed hears of it again: the answer knew nothing of it. A browser tells of a
// change when a field is left, but only of what was typed into this very field; so this one is told by us.
function tell(control) {
  control.dispatchEvent(new Event("input", { bubbles: true }));
  if (control === document.activeElement) control.dataset.unsent = "";
  else control.dispatchEvent(new Event("change", { bubbles: true }));
}
document.addEventListener("change", (event) => delete event.target.dataset.unsent, true);
document.addEventListener("focusout", ({ target }) => {
  // Not where it is taken out of the page: only after that can it be seen.
  queueMicrotask(() => {
    if (target.isConnected && "unsent" in (target.dataset ?? {})) target.dispatchEvent(new Event("change", { bubbles: true }));
  });
});
