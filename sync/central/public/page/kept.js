// What stays on this phone: the last board, when it was known to hold, and whom it follows.
// All of it belongs to one event: when the next one is held at this address, nothing of the last is kept.
// A browser may refuse to keep anything; the page then works without.

import { isBoard } from "./ours.js";

const SAVE_EVERY_MS = 1_000;
let waiting = new Map();
let timer = 0;

function read(key) {
  try {
    return JSON.parse(localStorage.getItem("pitboard." + key));
  } catch {
    return null;
  }
}

function saveAll() {
  clearTimeout(timer);
  timer = 0;
  for (const [key, value] of waiting) {
    try {
      localStorage.setItem("pitboard." + key, JSON.stringify(value));
    } catch {
      // Full or forbidden: the page goes on with what it has in memory.
    }
  }
  waiting = new Map();
}

function keep(key, value) {
  waiting.set(key, value);
  timer ||= setTimeout(saveAll, SAVE_EVERY_MS);
}

addEventListener("pagehide", saveAll);
document.addEventListener("visibilitychange", () => document.hidden && saveAll());

export const keptBoard = () => {
  const board = read("board");
  return isBoard(board) ? board : null;
};
export const keepBoard = (board) => keep("board", board);
export const keptHeardMs = () => read("heard") ?? 0;
export const keepHeardMs = (utcMs) => keep("heard", utcMs);

let followed = new Map(Array.isArray(read("followed")) ? read("followed") : []);
let event = read("event"); // the event's id; null on a phone that keeps nothing yet

// Keep for this event from now on; return whether something of another one was here, which is forgotten.
export function belongTo(id) {
  if (event === id) return false;
  const isAnother = event !== null;
  event = id;
  keep("event", id);
  if (isAnother) {
    followed = new Map();
    keep("followed", []);
    globalThis.caches?.delete("answers");
  }
  saveAll();
  return isAnother;
}

export const followedNames = () => followed; // competitor -> name
export const isFollowed = (competitor) => followed.has(competitor);

export function follow(competitor, name, isOn) {
  if (isOn) followed.set(competitor, name);
  else followed.delete(competitor);
  keep("followed", [...followed]);
  saveAll();
}

// Another tab of this page may have changed it.
addEventListener("storage", (event) => {
  if (event.key === "pitboard.followed") followed = new Map(read("followed") ?? []);
});
