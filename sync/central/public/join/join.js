// How a racer joins the queue: the code, the name, then how the wait stands. Nothing of it needs an account.

import { byId, element, setText } from "./elements.js";
import { say, translatePage } from "./say.js";

const KEPT = "pitboard-join";
const LOOK_EVERY_MS = 5_000;
const ENTRY_BYTES = 16;
const ENDED = ["", "left", "refused"]; // after these the phone may ask anew
const form = byId("form");
let waits = kept(); // {entry_id, name} of what this phone asked for
let lastState = null;

translatePage();

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return typeof found?.entry_id === "string" && typeof found?.name === "string" ? found : null;
  } catch {
    return null;
  }
}

function keep(value) {
  waits = value;
  try {
    if (value) localStorage.setItem(KEPT, JSON.stringify(value));
    else localStorage.removeItem(KEPT);
  } catch {
    // a phone that keeps nothing still joins; it has to leave the page open
  }
}

const newEntry = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(ENTRY_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function call(path, body) {
  const asked = body ? { method: "POST", body: JSON.stringify(body) } : { cache: "no-store" };
  const answer = await fetch(path, { ...asked, signal: AbortSignal.timeout(12_000) });
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value?.detail ?? ""), { code: value?.error ?? "" });
  return value;
}

function show(sentence, { more = "", kind = "" } = {}) {
  byId("sentence").dataset.kind = kind;
  setText(byId("sentence"), sentence);
  setText(byId("more"), more);
}

function showForm(isShown) {
  form.hidden = !isShown;
  byId("alike").hidden = true;
  byId("again").hidden = true;
}

const SAID = {
  "wrong-code": "page.join.wrong-code",
  "wrong-codes": "page.join.wrong-codes",
  "join-closed": "page.join.closed",
  "no-link": "page.join.no-link",
  "bad-name": "page.join.bad-name",
  "refused-name": "page.join.refused-name",
  "waits-already": "page.join.waits-already",
  "list-full": "page.join.full",
  busy: "page.join.full",
};

async function ask(extra = {}) {
  const name = byId("name").value.trim();
  // The same ask goes out again after a lost answer, and is one.
  const entry = waits?.isPending && waits.name === name ? waits.entry_id : newEntry();
  keep({ entry_id: entry, name, isPending: true });
  byId("ask").disabled = true;
  try {
    const answer = await call("/api/v1/join", {
      entry_id: entry, code: byId("code").value, name, race_class: byId("class").value, track: byId("track").value, ...extra,
    });
    if (answer.state === "alike") return showAlike(answer.alike, name);
    keep({ entry_id: entry, name });
    showForm(false);
    await look();
  } catch (error) {
    if (error.code) keep(null);
    showForm(true);
    show(say(SAID[error.code] ?? (error.code ? "page.join.not-taken" : "page.join.no-network")), { kind: "refused" });
  } finally {
    byId("ask").disabled = false;
  }
}

function showAlike(alike, name) {
  showForm(false);
  show(say("page.join.alike", { name }));
  const choices = alike.map((one) => {
    const its = [one.number && `#${one.number}`, byId("class").querySelector(`[value="${CSS.escape(one.race_class)}"]`)?.textContent].filter(Boolean);
    const button = element("button", { type: "button" }, its.length ? say("page.join.me-with", { what: its.join(", ") }) : say("page.join.me"));
    button.addEventListener("click", () => ask({ competitor_id: one.competitor_id }));
    return button;
  });
  const other = element("button", { type: "button", class: "quiet" }, say("page.join.new"));
  other.addEventListener("click", () => ask({ is_new: true }));
  byId("alike").replaceChildren(...choices, other);
  byId("alike").hidden = false;
}

const STATES = {
  asked: () => say("page.join.asked"),
  waiting: (place) => (place.ahead ? say("page.join.ahead", { count: place.ahead }) : say("page.join.next")),
  called: () => say("page.join.called"),
  skipped: () => say("page.join.skipped"),
  "no-show": () => say("page.join.no-show"),
  left: () => say("page.join.left"),
  refused: () => say("page.join.refused"),
};

function showPlace(place) {
  showForm(false);
  const known = STATES[place.state] ?? STATES.waiting;
  show(known(place), { more: place.is_linked ? waits.name : say("page.join.unlinked"), kind: place.state === "refused" ? "" : place.state });
  byId("again").hidden = !ENDED.includes(place.state);
  if (lastState !== null && lastState !== place.state && place.state === "called") navigator.vibrate?.([300, 150, 300]);
  lastState = place.state;
}

async function look() {
  if (!waits || waits.isPending || document.hidden) return;
  try {
    const place = await call("/api/v1/join/" + encodeURIComponent(waits.entry_id));
    setText(byId("banner"), "");
    if (place.state) return showPlace(place);
    keep(null);
    await begin();
  } catch {
    setText(byId("banner"), say("page.join.no-network"));
  }
}

function fill(select, label, choices) {
  select.replaceChildren(...(choices.length ? [element("option", { value: "" }, say("page.join.any"))] : []));
  select.append(...choices.map((one) => element("option", { value: one.id }, one.name)));
  select.hidden = label.hidden = !choices.length;
}

async function begin() {
  try {
    const info = await call("/api/v1/join");
    setText(byId("banner"), "");
    if (info.event) {
      setText(byId("event"), info.event);
      document.title = info.event;
    }
    fill(byId("class"), byId("class-label"), info.classes);
    fill(byId("track"), byId("track-label"), info.tracks);
    if (waits && !waits.isPending) return look();
    showForm(info.is_open && info.is_linked);
    if (!info.is_open) show(say("page.join.closed"));
    else if (!info.is_linked) show(say("page.join.no-link"));
    else show("");
  } catch {
    setText(byId("banner"), say("page.join.no-network"));
  }
}

byId("code").value = (new URLSearchParams(location.search).get("code") ?? "").slice(0, 12);
byId("name").value = waits?.name ?? "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
byId("again").addEventListener("click", () => {
  keep(null);
  lastState = null;
  byId("code").value = "";
  begin();
});
document.addEventListener("visibilitychange", () => look());
setInterval(() => (waits && !waits.isPending ? look() : form.hidden && byId("alike").hidden ? begin() : null), LOOK_EVERY_MS);
begin();
