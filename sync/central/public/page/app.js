// The page's conductor: which page is shown, and what is drawn when something changes.

import { BoardList } from "./board_list.js";
import { backLink, drawCompetitor } from "./competitor_page.js";
import { byId, element, setText } from "./elements.js";
import { belongTo, follow, followedNames, keepBoard, keepHeardMs, keptBoard, keptHeardMs } from "./kept.js";
import { LinkBanner } from "./link_banner.js";
import { LiveLink } from "./live_link.js";
import { findCompetitors } from "./name_search.js";
import { bodyOf, isBoard, isCompetitor } from "./ours.js";
import { drawTrack } from "./track_card.js";

const LIVE_COUNT = 100; // the live stream carries so many; the rest is asked for now and then
const REST_EVERY_MS = 15_000;
const TYPING_PAUSE_MS = 200;

const rows = new BoardList(byId("rows"));
const followedRows = new BoardList(byId("followed-rows"));
const foundRows = new BoardList(byId("found-rows"));
const banner = new LinkBanner();

let board = keptBoard();
let opened = null; // the competitor whose page is open
let view = null; // what is known of them
let viewOf = ""; // what `view` was asked for
let boardScroll = 0;
let restMs = 0;
let lastFound = [];

const resolutionNs = () => board?.event.resolution_ns ?? 1_000_000;
const entryOf = (competitor) => board?.entries.find((entry) => entry.competitor_id === competitor) ?? null;

function takeBoard(live) {
  if (belongTo(live.event.id ?? "")) {
    board = null; // another event than the last one at this address: nothing of that one is shown
    lastFound = [];
    view = null;
    viewOf = "";
  }
  if (live.entries.length >= LIVE_COUNT) {
    const onTop = new Set(live.entries.map((entry) => entry.competitor_id));
    const rest = (board?.entries ?? []).slice(LIVE_COUNT - 1).filter((entry) => !onTop.has(entry.competitor_id));
    live.entries.push(...rest);
    askForRest();
  }
  setBoard(live);
}

function setBoard(fresh) {
  board = fresh;
  keepBoard(board);
  drawBoard();
  if (opened) refreshCompetitor();
}

async function askForRest() {
  if (document.hidden || Date.now() - restMs < REST_EVERY_MS) return;
  restMs = Date.now();
  const whole = await ask("/api/v1/board", isBoard).catch(() => null);
  if (!whole || !board || whole.event.id !== board.event.id) return;
  const top = board.entries.slice(0, LIVE_COUNT);
  const onTop = new Set(top.map((entry) => entry.competitor_id));
  setBoard({ ...board, entries: [...top, ...whole.entries.filter((entry) => !onTop.has(entry.competitor_id))] });
}

async function ask(path, isOurs) {
  const answer = await fetch(path);
  if (answer.status === 404 && answer.headers.get("Content-Type")?.includes("json")) return null;
  if (!answer.ok) throw new Error("not answered");
  return { ...(await bodyOf(answer, isOurs)), isKept: answer.headers.has("X-Kept") };
}

function drawBoard() {
  if (!board) return;
  const traits = { resolutionNs: resolutionNs(), newest: board.newest };
  setText(byId("event"), board.event.name);
  rows.draw(board.entries, traits);
  setText(byId("count"), board.entries.length ? String(board.entries.length) : "");
  byId("empty").hidden = true;
  byId("nothing").hidden = board.entries.length > 0;
  drawFollowed(traits);
  drawTrack(board.on_track, resolutionNs());
  if (!byId("found-page").hidden) drawFound();
  if (!opened) document.title = board.event.name;
}

function drawFollowed(traits) {
  const followed = [...followedNames()].map(([competitor, name]) => {
    const entry = entryOf(competitor);
    if (entry && entry.name !== name) follow(competitor, entry.name, true); // corrected, or erased
    return entry ?? { competitor_id: competitor, name, rank: null, best_ns: null };
  });
  followed.sort((one, other) => (one.rank ?? Infinity) - (other.rank ?? Infinity));
  byId("followed").hidden = !followed.length;
  followedRows.draw(followed, traits);
}

async function refreshCompetitor() {
  const competitor = opened;
  const running = board?.on_track.filter((run) => run.competitor_id === competitor) ?? [];
  const wanted = JSON.stringify([competitor, entryOf(competitor), running.map((run) => run.run_id)]);
  if (viewOf !== wanted) {
    viewOf = wanted;
    try {
      view = (await ask("/api/v1/competitors/" + encodeURIComponent(competitor), isCompetitor)) ?? { isUnknown: true };
      if (view.isKept) viewOf = ""; // ask again with the next board
    } catch {
      viewOf = "";
      view = view?.competitor_id === competitor ? view : null;
    }
    if (opened !== competitor) return;
  }
  drawOpened(running);
}

function drawOpened(running = []) {
  const page = byId("competitor-page");
  if (view?.isUnknown) {
    page.replaceChildren(backLink(backWord()), element("p", { class: "empty" }, "Nobody here by this link."));
    return;
  }
  const entry = entryOf(opened) ?? view?.entry ?? null;
  const name = view?.name ?? entry?.name ?? followedNames().get(opened);
  if (!name) {
    page.replaceChildren(backLink(backWord()), element("p", { class: "empty" }, "This needs the network, and there is none."));
    return;
  }
  // The live board knows the run under way best.
  const live = new Map(running.map((run) => [run.run_id, run]));
  const runs = view ? view.runs.map((run) => live.get(run.run_id) ?? run) : running;
  const note = !view ? "The laps are not on this phone; they need the network." : view.isKept ? "No network. Runs and laps as this phone saw them last." : "";
  document.title = `${name} · ${board?.event.name ?? "Pitboard"}`;
  drawCompetitor(page, { competitor_id: opened, name, entry, runs }, resolutionNs(), { note, back: backWord(), onFollow: followChanged });
}

const backWord = () => (byId("query").value.trim() ? "Found" : "Board");

function followChanged() {
  refreshCompetitor();
  drawBoard();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function show(pageId) {
  for (const id of ["board-page", "found-page", "competitor-page"]) byId(id).hidden = id !== pageId;
}

function route() {
  if (location.hash === "#main") return; // the skip link
  const match = /^#\/competitors\/(.+)$/.exec(location.hash);
  const wasOnBoard = !byId("board-page").hidden;
  if (match) {
    if (wasOnBoard) boardScroll = scrollY;
    opened = decoded(match[1]);
    view = null;
    viewOf = "";
    drawOpened();
    show("competitor-page");
    scrollTo(0, 0);
    refreshCompetitor().then(() => byId("competitor-page").querySelector("h2")?.focus({ preventScroll: true }));
    return;
  }
  const was = opened;
  opened = null;
  document.title = board?.event.name ?? "Pitboard";
  if (byId("query").value.trim()) {
    show("found-page");
    return;
  }
  show("board-page");
  if (was) {
    scrollTo(0, boardScroll);
    byId("rows").querySelector(`a[href="#/competitors/${CSS.escape(encodeURIComponent(was))}"]`)?.focus({ preventScroll: true });
  }
}

// What was found is drawn with the newest results.
function drawFound() {
  const entries = lastFound.map((one) => entryOf(one.competitor_id) ?? one);
  foundRows.draw(entries, { resolutionNs: resolutionNs(), newest: board?.newest });
}

let typing = 0;

function typed() {
  clearTimeout(typing);
  typing = setTimeout(search, TYPING_PAUSE_MS);
}

async function search() {
  clearTimeout(typing);
  const query = byId("query").value.trim();
  if (opened) location.hash = "#/";
  if (!query) {
    show("board-page");
    return;
  }
  const found = await findCompetitors(query, board?.entries ?? []);
  if (!found || byId("query").value.trim() !== query) return;
  lastFound = found.results;
  drawFound();
  const more = found.found > found.results.length ? ` The first ${found.results.length} are shown; type more of the name.` : "";
  setText(byId("found-title"), found.found ? `Found ${found.found}` : "Nobody found");
  setText(byId("found-note"), (found.note || (found.found ? "" : "No name contains this. Try a shorter part of it.")) + more);
  show("found-page");
}

byId("query").addEventListener("input", typed);
byId("query").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  byId("query").value = "";
  search();
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("query").blur(); // puts the phone's keyboard away
  search();
});
addEventListener("hashchange", route);

banner.setHeard(keptHeardMs());
if (!navigator.onLine) banner.setState("offline");
drawBoard();
route();
new LiveLink({
  onBoard: takeBoard,
  onHeard: (utcMs) => {
    banner.setHeard(utcMs);
    keepHeardMs(utcMs);
  },
  onState: (state) => banner.setState(state),
}).start();
document.documentElement.setAttribute("data-runs", "yes");
navigator.serviceWorker?.register("/worker.js").catch(() => {}); // the page works without
