// One competitor: place, best lap, and every run with its laps.

import { element, nameElement } from "./elements.js";
import { follow, isFollowed } from "./kept.js";
import { PHASES, lapWords, lapsSoFar } from "./track_card.js";
import { lapText } from "./time_text.js";

export function backLink(word) {
  return element("a", { class: "back", href: "#/" }, "‹ " + word);
}

export function drawCompetitor(page, view, resolutionNs, { note, back, onFollow }) {
  const title = element("h2", { class: "title", tabindex: "-1" }, nameElement(view.name));
  const star = followButton(view, onFollow);
  const parts = [backLink(back), title, star, summary(view.entry, resolutionNs)];
  if (note) parts.push(element("p", { class: "empty" }, note));
  const runs = [...view.runs].reverse();
  parts.push(...runs.map((run, index) => runSection(run, runs.length - index, resolutionNs)));
  if (!runs.length && !note) parts.push(element("p", { class: "empty" }, "No run yet. Laps appear here as they are driven."));
  const focused = page.contains(document.activeElement) ? document.activeElement.className : "";
  page.replaceChildren(...parts);
  // An update must not throw out who is here by keyboard.
  if (focused) [...page.querySelectorAll("a, button, h2")].find((one) => one.className === focused)?.focus();
  return title;
}

function followButton(view, onFollow) {
  const isOn = isFollowed(view.competitor_id);
  const star = element("button", { class: "follow", type: "button", "aria-pressed": String(isOn) });
  star.append(isOn ? "★ Following" : "☆ Follow");
  star.addEventListener("click", () => {
    follow(view.competitor_id, view.name, !isFollowed(view.competitor_id));
    onFollow();
  });
  return star;
}

function summary(entry, resolutionNs) {
  const facts = [
    ["Place", entry?.is_disqualified ? "Disqualified" : (entry?.rank ?? "–")],
    ["Best lap", entry?.best_ns == null ? "no time" : lapText(entry.best_ns, resolutionNs)],
    ["Gap", entry?.gap_ns ? "+" + lapText(entry.gap_ns, resolutionNs) : entry?.rank === 1 ? "leads" : "–"],
    ["Laps", entry?.laps ?? 0],
  ];
  const list = element("dl", { class: "summary" });
  for (const [label, value] of facts) {
    list.append(element("div", {}, element("dt", {}, label), element("dd", {}, String(value))));
  }
  return list;
}

function runSection(run, number, resolutionNs) {
  const isDecided = run.phase === "confirmed";
  const state = element("span", { class: "phase", "data-phase": run.phase }, PHASES[run.phase] ?? run.phase);
  const head = element("h3", {}, `Run ${number} `, state);
  const section = element("section", { class: "run" }, head);
  if (!run.laps.length) {
    section.append(element("p", { class: "empty" }, isDecided ? "No lap in this run." : "No lap yet."));
    return section;
  }
  if (!isDecided) section.append(element("p", { class: "hint" }, "These laps count once an official has confirmed the run."));
  const laps = element("ol", { class: "laps", "aria-label": lapsSoFar(run) });
  for (const lap of run.laps) laps.append(lapItem(lap, run.best_ns, resolutionNs));
  section.append(laps);
  return section;
}

function lapItem(lap, bestNs, resolutionNs) {
  const isBest = lap.counts && lap.lap_ns === bestNs;
  const words = [lapWords(lap), isBest ? "Best" : ""].filter(Boolean).join(", ");
  const time = element(lap.counts ? "span" : "s", { class: "time" }, lapText(lap.lap_ns, resolutionNs));
  const label = element("span", { class: "lap" }, `Lap ${lap.number}`);
  return element("li", { class: isBest ? "best" : lap.counts ? "" : "out" }, label, element("span", { class: "words" }, words), time);
}
