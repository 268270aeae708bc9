// Pieces that several pages have: cards, buttons, times, links to people and runs.

import { element, nameElement } from "./elements.js";
import { amountText, capital, columnsOf, rankedBy } from "./result_text.js";
import { lapText } from "./time_text.js";
import { knows, say } from "./say.js";

let described = 0; // rows that buttons are described by, since the page was loaded

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

// What an entry is ranked by.
export function entryResult(entry, event) {
  if (!entry) return say("desk.no-result");
  const first = columnsOf(entry)[0];
  if (first[1] === "duration_ns" && first[2] != null) return resultOf(first[2], entry.calculated, event);
  return amountText(first, event.resolution_ns);
}

export const entryHead = (entries) => capital(rankedBy(entries) || say("desk.best-lap"));

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

// Who hears the page is told what a row's buttons are about: "Remove" alone says nothing.
function describe(row) {
  const about = row.querySelector(".name, .grow");
  if (!about?.textContent) return;
  about.id ||= `about-${(described += 1)}`;
  for (const one of row.querySelectorAll("button, a.button")) if (!about.contains(one)) one.setAttribute("aria-describedby", about.id);
}

export function list(items, nothing) {
  items.forEach(describe);
  return items.length ? element("ul", { class: "list" }, ...items) : empty(nothing);
}

// Rows of a table that `stacks` wrap on a phone, where their columns have no room.
export function table(heads, rows, stacks = false) {
  rows.forEach(describe);
  const head = element("tr", {}, ...heads.map((one) => (one.label ? element("th", { scope: "col", class: one.class ?? "" }, one.label) : element("td", {}))));
  const isBare = !rows.some((row) => row.querySelector("a, button, input")); // whoever has no mouse scrolls it too
  return element("div", { class: "scroll", ...(isBare ? { tabindex: "0" } : {}) }, element("table", { class: stacks ? "stack" : "" }, element("thead", {}, head), element("tbody", {}, ...rows)));
}

export function facts(pairs, how = "facts") {
  return element("dl", { class: how }, ...pairs.map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", { dir: "auto" }, value))));
}
