// One competitor: place, best lap, and every run with its laps.

import { element, nameElement } from "./elements.js";
import { follow, isFollowed } from "./kept.js";
import { say } from "./say.js";
import { lapWords, lapsSoFar, phaseWord } from "./track_card.js";
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
  if (!runs.length && !note) parts.push(element("p", { class: "empty" }, say("page.no-run")));
  const focused = page.contains(document.activeElement) ? document.activeElement.className : "";
  page.replaceChildren(...parts);
  // An update must not throw out who is here by keyboard.
  if (focused) [...page.querySelectorAll("a, button, h2")].find((one) => one.className === focused)?.focus();
  return title;
}

function followButton(view, onFollow) {
  const isOn = isFollowed(view.competitor_id);
  const star = element("button", { class: "follow", type: "button", "aria-pressed": String(isOn) });
  star.append(isOn ? "★ " + say("page.following") : "☆ " + say("page.follow"));
  star.addEventListener("click", () => {
    follow(view.competitor_id, view.name, !isFollowed(view.competitor_id));
    onFollow();
  });
  return star;
}

function summary(entry, resolutionNs) {
  const facts = [
    [say("page.place"), entry?.is_disqualified ? say("page.disqualified") : (entry?.rank ?? "–")],
    [say("page.best-lap"), entry?.best_ns == null ? say("page.no-time") : lapText(entry.best_ns, resolutionNs)],
    [say("page.gap"), entry?.gap_ns ? "+" + lapText(entry.gap_ns, resolutionNs) : entry?.rank === 1 ? say("page.leads") : "–"],
    [say("page.lap-count"), entry?.laps ?? 0],
  ];
  const list = element("dl", { class: "summary" });
  for (const [label, value] of facts) {
    list.append(element("div", {}, element("dt", {}, label), element("dd", {}, String(value))));
  }
  return list;
}

function runSection(run, number, resolutionNs) {
  const isDecided = run.phase === "confirmed";
  const state = element("span", { class: "phase", "data-phase": run.phase }, phaseWord(run.phase));
  const head = element("h3", {}, say("page.run-number", { number }) + " ", state);
  const section = element("section", { class: "run" }, head);
  if (!run.laps.length) {
    section.append(element("p", { class: "empty" }, say(isDecided ? "page.no-lap-in-run" : "page.no-lap")));
    return section;
  }
  if (!isDecided) section.append(element("p", { class: "hint" }, say("page.counts-once-confirmed")));
  const laps = element("ol", { class: "laps", "aria-label": lapsSoFar(run) });
  for (const lap of run.laps) laps.append(lapItem(lap, run.best_ns, resolutionNs));
  section.append(laps);
  return section;
}

function lapItem(lap, bestNs, resolutionNs) {
  const isBest = lap.counts && lap.lap_ns === bestNs;
  const words = [lapWords(lap), isBest ? say("page.best") : ""].filter(Boolean).join(", ");
  const time = element(lap.counts ? "span" : "s", { class: "time" }, lapText(lap.lap_ns, resolutionNs));
  const label = element("span", { class: "lap" }, say("page.lap-number", { number: lap.number }));
  return element("li", { class: isBest ? "best" : lap.counts ? "" : "out" }, label, element("span", { class: "words" }, words), time);
}
