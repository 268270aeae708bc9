// Pages that are shown and not touched: /embed in another site's page, /overlay over a video, /kiosk on a television.
// What the address may say: track=NAME, count=N (embed), theme=light or dark, seconds=N a page (kiosk).

import { byId, element, nameElement, setText } from "./elements.js";
import { drawn } from "./live_board.js";
import { LiveLink } from "./live_link.js";
import { watchClock } from "./run_clock.js";
import { gapText, rankedBy, resultText, signed } from "./result_text.js";
import { say, translatePage } from "./say.js";
import { lapText } from "./time_text.js";
import { calculatedWords, phaseWord } from "./track_card.js";

const asked = new URLSearchParams(location.search);
const show = document.body.dataset.show;
const EMBED_COUNT = 10;
const CARDS_MAX_COUNT = 4;
const NEWEST_MS = 10_000;
const PATIENCE_MS = 10_000;
const pageMs = 1_000 * Math.max(3, Number(asked.get("seconds")) || 10);

let board = null;
let heardMs = Date.now();
let state = "waiting";
let pageStart = 0;

const runs = () => board.on_track.filter((run) => !asked.get("track") || run.track === asked.get("track"));
const madeText = (one) => (one.calculated.length ? " · " + calculatedWords(one.calculated) : "");

function row(entry) {
  const parts = [
    element("span", { class: "rank" }, entry.rank == null ? "–" : String(entry.rank)),
    element("span", { class: "who" }, nameElement(entry.name), element("small", { class: "made" }, madeText(entry))),
    element("span", { class: "time" }, resultText(entry, board.event.resolution_ns)),
    element("span", { class: "gap" }, gapText(entry.gap, board.event.resolution_ns)),
  ];
  return element("li", { class: entry.rank === 1 ? "row leads" : "row" }, ...parts);
}

function drawRows(entries) {
  setText(byId("event"), board.event.name);
  byId("nothing").hidden = board.entries.length > 0;
  byId("rows").replaceChildren(...entries.map(row));
}

const drawEmbed = () => drawRows(board.entries.slice(0, Math.min(100, Number(asked.get("count")) || EMBED_COUNT)));

function drawKiosk() {
  byId("track").hidden = !runs().length;
  byId("cards").replaceChildren(...runs().slice(0, CARDS_MAX_COUNT).map(card));
  setText(byId("count"), [board.total || "", rankedBy(board.entries)].filter(Boolean).join(" · "));
  const fits = rowsThatFit();
  if (pageStart >= board.entries.length) pageStart = 0;
  drawRows(board.entries.slice(pageStart, pageStart + fits));
}

function rowsThatFit() {
  const rowHeight = innerHeight * 0.066;
  return Math.max(1, Math.floor(byId("rows").clientHeight / rowHeight));
}

function card(run) {
  const made = element("article", { class: "card" });
  const clock = element("span", { class: "clock", role: "timer", "aria-label": say("page.time-left") });
  if (run.clock?.started_utc_ms) watchClock(clock, run.clock);
  made.append(clock, `${run.track}: ${phaseWord(run.phase)}`);
  for (const place of run.places) made.append(nameElement(place.name), facts(place));
  return made;
}

function facts(place) {
  const said = [say("page.laps", { count: place.lap_count })];
  if (place.last) said.push(`${say("page.last-lap")} ${signed(place.last, lapText(place.last.lap_ns, board.event.resolution_ns))}${madeText(place.last)}`);
  return said.join(" · ");
}

let newest = null;
let newestMs = 0;

// Who drives now; where nobody does, whoever was confirmed just now, for a while.
function drawOverlay() {
  const run = runs()[0];
  const place = run?.places[0];
  if (newest !== null && board.newest !== newest) newestMs = Date.now();
  newest = board.newest ?? "";
  const entry = board.entries.find((one) => one.competitor_id === newest);
  const isNew = entry && Date.now() - newestMs < NEWEST_MS;
  byId("third").hidden = !place && !isNew;
  if (place) {
    setText(byId("name"), place.name);
    setText(byId("facts"), facts(place));
    byId("clock").hidden = !run.clock?.started_utc_ms;
    if (run.clock?.started_utc_ms) watchClock(byId("clock"), run.clock);
  } else if (isNew) {
    setText(byId("name"), entry.name);
    setText(byId("facts"), `${say("page.place")} ${entry.rank ?? "–"} · ${resultText(entry, board.event.resolution_ns)}${madeText(entry)}`);
    byId("clock").hidden = true;
  }
}

const draw = { embed: drawEmbed, kiosk: drawKiosk, overlay: drawOverlay }[show];

// A picture of the past must not look like the present. Over a video, it goes.
function drawAge() {
  const isOld = state !== "live" && Date.now() - heardMs > PATIENCE_MS;
  if (show === "overlay") {
    if (isOld) byId("third").hidden = true;
    else if (board) drawOverlay();
  } else setText(byId("age"), isOld ? say("page.link.lost") : "");
}

if (["light", "dark"].includes(asked.get("theme"))) document.documentElement.dataset.theme = asked.get("theme");
translatePage();
setInterval(drawAge, 1_000);
if (show === "kiosk") {
  setInterval(() => {
    if (!board) return;
    pageStart += rowsThatFit();
    draw();
  }, pageMs);
  addEventListener("resize", () => board && draw());
  navigator.wakeLock?.request("screen").catch(() => {});
}
new LiveLink({
  onBoard: (live) => {
    board = drawn(live);
    document.title = board.event.name;
    draw();
  },
  onHeard: (utcMs) => (heardMs = utcMs),
  onState: (now) => {
    state = now;
    drawAge();
  },
}).start();
