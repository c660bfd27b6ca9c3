// What the workshop's pages do beyond links and forms. Without it every act is still a form with a button.

const byId = (id) => document.getElementById(id);
const say = (text) => { byId("toasts").replaceChildren(toast(text)); };

function toast(text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.id = "toast";
  box.append(Object.assign(document.createElement("p"), { textContent: text }));
  return box;
}

// A toast leaves after ten seconds; not while somebody reads it with the mouse or the focus on it.
const STAYS = 10_000;
let told = null;
let since = 0;
setInterval(() => {
  const shown = byId("toast");
  if (shown !== told || shown?.matches(":hover, :focus-within")) since = Date.now();
  told = shown;
  if (Date.now() - since > STAYS) shown?.remove();
}, 500);

// After a swap the focus stays where it was; where that is gone, it goes to what the element named for this
// case, else to the page's heading. Never to the body, where the keyboard starts over.
// A part that renews itself takes the focus from nobody.
// Each answer remembers its own: a second one may arrive before the first has settled.
const heldBy = new WeakMap(); // request -> { whole, focused, heir }
document.addEventListener("htmx:beforeSwap", (event) => {
  const now = document.activeElement;
  heldBy.set(event.detail.xhr, {
    whole: event.detail.target.id === "main",
    focused: now?.id ?? "",
    heir: now?.closest("[data-heir]")?.dataset.heir ?? "",
  });
});
document.addEventListener("htmx:afterSettle", (event) => {
  const title = byId("main")?.dataset.title;
  if (title) document.title = title;
  const { whole, focused, heir } = heldBy.get(event.detail.xhr) ?? {};
  if (!whole && !focused) return;
  if (document.activeElement?.matches("[data-unsent]")) return; // somebody is typing there (typed.js)
  const first = whole && document.querySelector("#main [autofocus]");
  if (first) return first.focus();
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = opener(byId(focused) ?? byId(heir) ?? document.querySelector("#main h1"));
  if (!next) return;
  if (!next.matches("a, button, input, select, textarea, summary")) next.tabIndex = -1;
  next.focus({ preventScroll: next.matches("h1") });
});

// In a menu that is closed again nothing takes the focus but what opens it.
const opener = (element) => element?.closest("details:not([open])")?.querySelector("summary") ?? element;

// What renews itself says in words when it is done: once, for who does not see it change.
document.addEventListener("htmx:afterSettle", (event) => {
  const { news } = event.target.dataset;
  if (news) say(news);
});

// What the server would not do is told; what was typed stays where it is.
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) say("You were signed out. What you typed is still here: sign in in another tab, then try again.");
  else if (status === 403) say("Not done: this page is from before you signed in. Reload it.");
  else if (status === 404) say("Not done: it is gone, perhaps somebody else removed it. Reload the page.");
  else if (status === 413) say("Not done: this is too long. Nothing was kept of it.");
  else say("This did not work, and the fault is ours. Nothing is lost; try again.");
});
document.addEventListener("htmx:sendError", (event) => {
  // What renews itself saves nothing, and is cut off whenever somebody goes on to another page.
  if (!event.detail.elt.matches("[hx-get]")) say("Not saved: no connection. What you typed is still here.");
});

// Menus close when somebody goes elsewhere, and with Escape, which gives the focus back.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Ctrl K finds, from everywhere but a text in which it sets a link; ? lists the keys, unless it was switched off.
const HELP = "courseletter-help-key";
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const typing = event.target.closest?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select, [contenteditable]");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    location.assign(document.body.dataset.find);
  } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !typing && !document.querySelector("dialog[open]") && localStorage.getItem(HELP) !== "off") {
    location.assign(document.body.dataset.keys);
  }
});
const helpKey = byId("help-key");
if (helpKey) {
  byId("key-help").hidden = false;
  helpKey.checked = localStorage.getItem(HELP) !== "off";
  helpKey.addEventListener("change", () => localStorage.setItem(HELP, helpKey.checked ? "on" : "off"));
}

// Who else has the lesson open. Where this cannot be asked it is no matter: saving tells of that.
const presence = byId("presence");
if (presence) {
  const form_token = document.querySelector("#lesson [name=form_token]").value;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(presence.dataset.address, { method: "POST", body: new URLSearchParams({ form_token }) }).catch(() => null);
    if (!answer?.ok) return;
    const { told } = await answer.json().catch(() => ({ told: presence.textContent }));
    if (presence.textContent !== told) presence.textContent = told;
  };
  look();
  setInterval(look, 20_000);
}

document.querySelector("#problems[autofocus]")?.focus();

// Moving a lesson. By mouse or thumb at its handle (SortableJS); by keyboard: Space lifts, arrows move, Space
// drops, Escape puts back; arrows without lifting move at once. The row's own form carries the result.
let lifted = null; // { row, before }

const rowOf = (handle) => handle.closest("li");
const placeOf = (row) => [...row.parentElement.children].filter((one) => !("fixed" in one.dataset)).indexOf(row) + 1;
const placesIn = (row) => [...row.parentElement.children].filter((one) => !("fixed" in one.dataset)).length;

function drop(row) {
  const form = row.querySelector("form.move");
  const field = form.querySelector("input[name=place]");
  if (Number(field.value) === placeOf(row)) return;
  field.value = placeOf(row);
  form.requestSubmit();
}

function step(row, by) {
  const neighbour = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!neighbour || "fixed" in neighbour.dataset) return false;
  if (by < 0) neighbour.before(row);
  else neighbour.after(row);
  row.querySelector(".handle").focus();
  return true;
}

function lift(row) {
  lifted = { row, before: row.nextElementSibling };
  row.classList.add("lifted");
  tell(row);
}

function settle() {
  lifted?.row.classList.remove("lifted");
  lifted = null;
}

const tell = (row) => say(`“${row.dataset.title}” lifted, now ${placeOf(row)} of ${placesIn(row)}.`);

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.(".handle");
  if (!handle) return;
  const row = rowOf(handle);
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (by) {
    event.preventDefault();
    if (!step(row, by)) return;
    if (lifted) tell(row);
    else drop(row);
  } else if (event.key === " ") {
    event.preventDefault();
    if (!lifted) return lift(row);
    settle();
    drop(row);
  } else if (event.key === "Escape" && lifted) {
    lifted.row.parentElement.insertBefore(lifted.row, lifted.before);
    settle();
    handle.focus();
    say(`“${row.dataset.title}” is back at ${placeOf(row)}.`);
  }
});

// SortableJS comes with the first list that wants it: few pages have one.
let arriving = null;
function sorting(address) {
  arriving ??= new Promise((here, gone) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: here, onerror: gone }));
  });
  return arriving;
}

function prepare() {
  for (const handle of document.querySelectorAll(".handle")) handle.hidden = false;
  for (const list of document.querySelectorAll("[data-sortable]:not([data-ready])")) {
    list.dataset.ready = "";
    sorting(list.dataset.sortable).then(() => Sortable.create(list, {
      handle: ".handle",
      filter: "[data-fixed]",
      onMove: (event) => !("fixed" in event.related.dataset),
      onEnd: (event) => drop(event.item),
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    }), () => {}); // without it lessons move by keyboard
  }
}

document.addEventListener("htmx:afterSwap", prepare);
prepare();

// The tab that is open is seen, also on a phone where the others leave it no room.
function showTab() {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const tabs = tab.closest(".tabs");
    const [mine, all] = [tab.getBoundingClientRect(), tabs.getBoundingClientRect()];
    tabs.scrollLeft += mine.left + mine.width / 2 - (all.left + all.width / 2);
  }
}
document.addEventListener("htmx:afterSwap", showTab);
showTab();

// A form that answers while somebody still chooses: it sends itself a moment after the last change.
const SOON = 150;
let waiting = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-live]");
  if (!form) return;
  const minutes = `about ${event.target.value / 10} min`;
  byId("minutes").textContent = minutes;
  event.target.setAttribute("aria-valuetext", minutes);
  byId("up-to-date").textContent = "Planning";
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(), SOON);
});
document.addEventListener("htmx:afterSettle", () => {
  const state = byId("up-to-date");
  if (state) state.textContent = "Up to date";
});

// What is not filled in is left out of the address that a form makes.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("form[role=search]")) return;
  const typed = event.detail.formData;
  for (const [name, value] of [...typed.entries()]) if (value === "") typed.delete(name);
});

// One tick for all people on a page. Without script there are their own.
function offerAll() {
  const all = byId("all-here");
  if (all) all.hidden = false;
}
document.addEventListener("change", (event) => {
  if (event.target.id !== "all-here") return;
  for (const one of document.querySelectorAll("#people [name=id]")) one.checked = event.target.checked;
});
document.addEventListener("htmx:afterSwap", offerAll);
offerAll();
