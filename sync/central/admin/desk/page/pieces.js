// Pieces that several pages have: cards, buttons, times, links to people and runs.

import { element, nameElement } from "./elements.js";
import { lapText } from "./time_text.js";
import { knows, say } from "./say.js";

export function card(title, ...children) {
  return element("section", { class: "card" }, element("h2", {}, title), ...children);
}

export function button(label, onClick, traits = {}) {
  const made = element("button", { type: "button", ...traits }, label);
  made.addEventListener("click", onClick);
  return made;
}

export const buttons = (...children) => element("div", { class: "buttons" }, ...children);

export const empty = (text) => element("p", { class: "empty" }, text);

export const tag = (text, traits = {}) => element("span", { class: "tag", ...traits }, text);

// A word that the server chose of a few; what only a newer server knows stands as it is.
export function word(value) {
  const code = `desk.word-${value}`;
  return knows(code) ? say(code) : String(value).replaceAll("-", " ");
}

// A format's name: a known one has a word in every language.
export function formatName(name = "") {
  const code = `desk.preset-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return name && knows(code) ? say(code) : name;
}

export const phaseTag = (phase) => tag(word(phase), { "data-phase": phase });

export const personHref = (id) => "#/competitors/" + encodeURIComponent(id);

export const runHref = (id) => "#/runs/" + encodeURIComponent(id);

export function personLink(id, name) {
  return id ? element("a", { href: personHref(id) }, nameElement(name)) : nameElement(name || say("desk.nobody-2"));
}

export const timeOf = (ns, event) => (ns == null ? say("desk.no-time") : lapText(ns, event.resolution_ns));

// A time that rests on calculated ones says so, and from what, and how sure it is.
export function resultOf(ns, marks, event) {
  if (!marks?.length) return timeOf(ns, event);
  const leastSure = marks.reduce((one, other) => (other.uncertainty_ns > one.uncertainty_ns ? other : one));
  return say("desk.time-calculated-from-system-ms-ms", { time: timeOf(ns, event), system: leastSure.from_system, ms: Math.ceil(leastSure.uncertainty_ns / 1e6) });
}

export const bestMarks = (laps, bestNs) => {
  const bests = laps.filter((lap) => lap.counts && lap.lap_ns === bestNs).map((lap) => lap.calculated);
  return bests.length && bests.every((marks) => marks.length) ? bests[0] : [];
};

export function whenText(utcMs) {
  const at = new Date(utcMs);
  const isToday = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return isToday ? time : `${at.toLocaleDateString([], { day: "2-digit", month: "short" })} ${time}`;
}

export const when = (utcMs) => element("span", { class: "when" }, whenText(utcMs));

export function list(items, nothing) {
  return items.length ? element("ul", { class: "list" }, ...items) : empty(nothing);
}

// Rows of a table that `stacks` wrap on a phone, where their columns have no room.
export function table(heads, rows, stacks = false) {
  const head = element("tr", {}, ...heads.map((one) => (one.label ? element("th", { scope: "col", class: one.class ?? "" }, one.label) : element("td", {}))));
  return element("div", { class: "scroll" }, element("table", { class: stacks ? "stack" : "" }, element("thead", {}, head), element("tbody", {}, ...rows)));
}

export function facts(pairs, how = "facts") {
  return element("dl", { class: how }, ...pairs.map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", { dir: "auto" }, value))));
}
