// The page's conductor: which page is shown, and what is drawn when something changes.

import { BoardFilter } from "./board_filter.js";
import { BoardList } from "./board_list.js";
import { drawStage, isStage } from "./bracket.js";
import { backLink, drawCompetitor } from "./competitor_page.js";
import { byId, element, setText } from "./elements.js";
import { belongTo, follow, followedNames, keepBoard, keepHeardMs, keptBoard, keptHeardMs } from "./kept.js";
import { LinkBanner } from "./link_banner.js";
import { drawn } from "./live_board.js";
import { LiveLink } from "./live_link.js";
import { findCompetitors } from "./name_search.js";
import { bodyOf, isCompetitor, isPage } from "./ours.js";
import { askToNotify, lostPlaces, tell } from "./overtaken.js";
import { rankedBy } from "./result_text.js";
import { language, say, translatePage } from "./say.js";
import { sharedCompetitor } from "./share.js";
import { drawTrack } from "./track_card.js";

const PAGE_COUNT = 100; // the live board has so many; what stands below is asked for where somebody looks at it
const REST_EVERY_MS = 10_000;
const TYPING_PAUSE_MS = 200;
const ASK_MAX_MS = 8_000;

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
const entryOf = (competitor) =>
  board?.entries.find((entry) => entry.competitor_id === competitor) ??
  rest.flatMap((page) => page.entries).find((entry) => entry.competitor_id === competitor) ?? null;

function takeBoard(live) {
  if (belongTo(live.event.id ?? "")) {
    board = null; // another event than the last one at this address: nothing of that one is shown
    lastFound = [];
    view = null;
    viewOf = "";
    rest = [];
  }
  const before = byCompetitor(board?.entries ?? []);
  board = drawn(live);
  keepBoard(board);
  drawBoard();
  tell(lostPlaces(followedNames(), before, byCompetitor(board.entries)));
  if (opened) refreshCompetitor();
  else refreshRest();
  refreshFollowed();
  refreshFiltered();
}

const byCompetitor = (entries) => new Map(entries.map((entry) => [entry.competitor_id, entry]));

// The board of one track or class is asked for where somebody chose one, and which there are now and then.
const CHOSEN_EVERY_MS = 3_000;
const CHOICES_EVERY_MS = 60_000;
let chosen = null; // the first page of the chosen board
let chosenMs = 0;
let chosenLater = 0;
const filter = new BoardFilter(() => {
  chosen = null;
  chosenMs = 0;
  rest = [];
  refreshFiltered();
});

async function refreshFiltered() {
  const everyMs = filter.isOn ? CHOSEN_EVERY_MS : CHOICES_EVERY_MS;
  if (document.hidden) return;
  const leftMs = chosenMs + everyMs * (0.8 + 0.4 * Math.random()) - Date.now();
  if (leftMs > 0) {
    chosenLater ||= setTimeout(() => {
      chosenLater = 0;
      refreshFiltered();
    }, leftMs); // this change may be the last for long
    return;
  }
  chosenMs = Date.now();
  const query = filter.query;
  try {
    const page = await ask(`/api/v1/board?count=${query ? PAGE_COUNT : 0}${query}`, isPage);
    if (filter.query !== query) return;
    chosen = query ? page : null;
    if (page) filter.offer(page);
    await refreshStage();
    drawBoard();
  } catch {
    chosenMs = 0; // no network: with the next board
  }
}

// A chosen stage stands in the place of the rows.
async function refreshStage() {
  const wanted = filter.stage;
  const stage = wanted ? await ask("/api/v1/stages/" + encodeURIComponent(wanted), isStage) : null;
  if (filter.stage !== wanted) return;
  const place = byId("stage");
  const isShown = !!stage;
  if (isShown && place.dataset.shown !== JSON.stringify(stage)) {
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    drawStage(place, stage, resolutionNs());
    place.dataset.shown = JSON.stringify(stage);
    if (focused) place.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  place.hidden = !isShown;
  byId("rows").hidden = isShown;
}

// Those followed who stand below the live board are asked for now and then.
const FOLLOWED_EVERY_MS = 15_000;
const FOLLOWED_ASKED_MAX_COUNT = 8;
let followedMs = 0;
const followedBelow = new Map();

async function refreshFollowed() {
  if (document.hidden || Date.now() - followedMs < FOLLOWED_EVERY_MS) return;
  followedMs = Date.now();
  const below = [...followedNames().keys()].filter((competitor) => !entryOf(competitor)).slice(0, FOLLOWED_ASKED_MAX_COUNT);
  const before = new Map(followedBelow);
  for (const competitor of below) {
    const found = await ask("/api/v1/competitors/" + encodeURIComponent(competitor), isCompetitor).catch(() => null);
    if (found?.entry) followedBelow.set(competitor, found.entry);
  }
  if (!below.length) return;
  tell(lostPlaces(followedNames(), before, followedBelow));
  drawBoard();
}

// The pages below the live board: {after, entries}. The one that somebody looks at is asked for anew.
let rest = [];
let isAskingRest = false;

const topEntries = () => (filter.query ? (chosen?.entries ?? []) : board.entries);

function shownEntries() {
  const top = topEntries();
  const seen = new Set(top.map((entry) => entry.competitor_id));
  const below = rest.flatMap((page) => page.entries).filter((entry) => !seen.has(entry.competitor_id) && seen.add(entry.competitor_id));
  return [...top, ...below];
}

const hasMore = () => !filter.stage && !!board && topEntries().length >= PAGE_COUNT && (rest.at(-1)?.next !== null || !rest.length);

async function askRest(index, after) {
  if (isAskingRest) return;
  isAskingRest = true;
  try {
    const page = await ask(`/api/v1/board?count=${PAGE_COUNT}&after=${encodeURIComponent(after)}${filter.query}`, isPage);
    if (!page || page.event.id !== board?.event.id) {
      rest = rest.slice(0, index); // who stood there is gone: what follows is found from the page above
      return;
    }
    rest[index] = { after, entries: page.entries, next: page.next };
    drawBoard();
  } catch {
    // No network: what is here stays.
  } finally {
    isAskingRest = false;
  }
}

function refreshRest() {
  if (document.hidden || byId("board-page").hidden || !rest.length || Date.now() - restMs < REST_EVERY_MS) return;
  const items = byId("rows").children;
  const middle = [...items].findIndex((item) => item.getBoundingClientRect().bottom > innerHeight / 2);
  const index = Math.floor(middle / PAGE_COUNT) - 1;
  if (index < 0 || index >= rest.length) return;
  restMs = Date.now();
  const above = index ? rest[index - 1].entries.at(-1) : topEntries().at(-1);
  if (above) askRest(index, above.competitor_id);
}

function moreSeen() {
  if (!hasMore()) return;
  const last = rest.length ? rest.at(-1).next : topEntries().at(-1).competitor_id;
  if (last) askRest(rest.length, last).then(watchMore);
}

// Told anew after each page, for it may still be in sight.
const moreWatch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && moreSeen(), { rootMargin: "600px" });

function watchMore() {
  byId("more").hidden = !hasMore();
  moreWatch.disconnect();
  if (hasMore()) moreWatch.observe(byId("more"));
}

async function ask(path, isOurs) {
  const answer = await fetch(path, { signal: AbortSignal.timeout?.(ASK_MAX_MS) });
  if (answer.status === 404 && answer.headers.get("Content-Type")?.includes("json")) return null;
  if (!answer.ok) throw new Error("not answered");
  return { ...(await bodyOf(answer, isOurs)), isKept: answer.headers.has("X-Kept") };
}

function drawBoard() {
  if (!board) return;
  const traits = { resolutionNs: resolutionNs(), newest: board.newest };
  setText(byId("event"), board.event.name);
  setText(byId("over"), overText(board.event));
  rows.draw(shownEntries(), traits);
  byId("join").hidden = !board.event.joins;
  setText(byId("by"), filter.stage ? "" : rankedBy(topEntries()));
  const total = filter.stage ? 0 : filter.query ? (chosen?.total ?? 0) : board.total;
  setText(byId("count"), total ? String(total) : "");
  if (byId("more").hidden === hasMore()) watchMore();
  byId("empty").hidden = true;
  byId("nothing").hidden = board.entries.length > 0;
  drawFollowed(traits);
  drawTrack(board.on_track, resolutionNs());
  if (!byId("found-page").hidden) drawFound();
  if (!opened) document.title = board.event.name;
}

// What is said above the board of an event that is over, and where it goes on.
function overText(event) {
  if (!event.closed) return "";
  const next = event.next_name ? say("page.next-event", { name: event.next_name, day: new Date(`${event.next_day}T12:00`).toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" }) }) : "";
  return [say("page.event-over"), next].filter(Boolean).join(" ");
}

function drawFollowed(traits) {
  const followed = [...followedNames()].map(([competitor, name]) => {
    const entry = entryOf(competitor);
    if (entry && entry.name !== name) follow(competitor, entry.name, true); // corrected, or erased
    return entry ?? followedBelow.get(competitor) ?? { competitor_id: competitor, name, rank: null };
  });
  followed.sort((one, other) => (one.rank ?? Infinity) - (other.rank ?? Infinity));
  byId("followed").hidden = !followed.length;
  followedRows.draw(followed, traits);
}

async function refreshCompetitor() {
  const competitor = opened;
  const running = board?.on_track.filter((run) => run.places.some((place) => place.competitor_id === competitor)) ?? [];
  const wanted = JSON.stringify([competitor, entryOf(competitor), running.map((run) => [run.run_id, run.phase, run.places])]);
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
  drawOpened();
}

function drawOpened() {
  const page = byId("competitor-page");
  if (view?.isUnknown) {
    page.replaceChildren(backLink(backWord()), element("p", { class: "empty" }, say("page.nobody-here")));
    return;
  }
  const entry = entryOf(opened) ?? view?.entry ?? null;
  const name = view?.name ?? entry?.name ?? followedNames().get(opened);
  if (!name) {
    page.replaceChildren(backLink(backWord()), element("p", { class: "empty" }, say("page.needs-network")));
    return;
  }
  const runs = view ? view.runs : [];
  const note = !view ? say("page.laps-need-network") : view.isKept ? say("page.laps-kept") : "";
  document.title = `${name} · ${board?.event.name ?? "Pitboard"}`;
  drawCompetitor(page, { competitor_id: opened, name, entry, runs, ahead: view?.ahead ?? null }, resolutionNs(), { note, back: backWord(), onFollow: followChanged });
}

const backWord = () => (byId("query").value.trim() ? say("page.found") : say("page.board"));

function followChanged() {
  askToNotify();
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
  const more = found.found > found.results.length ? say("page.first-shown", { count: found.results.length }) : "";
  setText(byId("found-title"), found.found ? say(found.hasMore ? "page.found-more-than" : "page.found-count", { number: found.found }) : say("page.nobody-found"));
  setText(byId("found-note"), [found.note || (found.found ? "" : say("page.try-shorter")), more].filter(Boolean).join(" "));
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
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which page is shown, and stays
  byId("main").focus();
});
addEventListener("hashchange", route);

translatePage();
banner.setHeard(keptHeardMs());
if (!navigator.onLine) banner.setState("offline");
drawBoard();
const shared = sharedCompetitor();
if (shared) history.replaceState(null, "", "/#/competitors/" + shared);
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
