// Shows what has arrived without a reload: asks once a second whether anything changed, and if so takes the
// parts of the page that did. Without it the page shows the same, on request.
const every = 1000;
const parts = ["clock", "list"];

async function look() {
  const answer = await fetch(location.pathname + "/state");
  const { state } = await answer.json();
  if (state !== document.body.dataset.state) await renew();
}

async function renew() {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.id;
  // Whoever chose a mail keeps it open; else the newest is shown.
  const chosen = new URLSearchParams(location.search).has("mail");
  const both = (id) => document.getElementById(id) && page.getElementById(id);
  if (both("open")) {
    for (const id of chosen ? parts : [...parts, "open"])
      document.getElementById(id).replaceWith(page.getElementById(id));
  } else {
    document.getElementById("main").replaceWith(page.getElementById("main"));
  }
  document.body.dataset.state = page.body.dataset.state;
  if (focused) (document.getElementById(focused) ?? document.getElementById("main")).focus({ preventScroll: true });
}

setInterval(() => {
  if (!document.hidden) look().catch(() => undefined); // the demo may have ended
}, every);
