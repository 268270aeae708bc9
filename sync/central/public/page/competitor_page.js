// One competitor: place, gap to the place above, how the best lap became better, and every run with its laps.

import { element, nameElement } from "./elements.js";
import { follow, isFollowed } from "./kept.js";
import { amountText, capital, columnName, columnsOf, gapText, resultText, signed } from "./result_text.js";
import { say, withSign } from "./say.js";
import { shareButton } from "./share.js";
import { calculatedWords, lapWords, lapsSoFar, phaseWord } from "./track_card.js";
import { lapText, sureText } from "./time_text.js";

export function backLink(word) {
  return element("a", { class: "back", href: "#/" }, "‹ " + word);
}

export function drawCompetitor(page, view, resolutionNs, { note, back, onFollow }) {
  const title = element("h2", { class: "title", tabindex: "-1" }, nameElement(view.name));
  const buttons = element("p", { class: "buttons" }, followButton(view, onFollow), " ", shareButton(view));
  const runs = view.runs.map((run) => ({ ...run, mine: placeOf(run, view.competitor_id) }));
  const parts = [backLink(back), title, who(view.entry), buttons, summary(view, runs, resolutionNs), progress(runs, resolutionNs)];
  if (note) parts.push(element("p", { class: "empty" }, note));
  const newestFirst = [...runs].reverse();
  parts.push(...newestFirst.map((run, index) => runSection(run, runs.length - index, resolutionNs)));
  if (!runs.length && !note) parts.push(element("p", { class: "empty" }, say("page.no-run")));
  const focused = page.contains(document.activeElement) ? document.activeElement.className : "";
  page.replaceChildren(...parts.filter(Boolean));
  // An update must not throw out who is here by keyboard.
  if (focused) [...page.querySelectorAll("a, button, h2")].find((one) => one.className === focused)?.focus();
  return title;
}

// In a heat several drive; what stands at the run itself is the first one's.
const placeOf = (run, competitor) => run.places?.find((place) => place.competitor_id === competitor) ?? run;

function who(entry) {
  const words = [entry?.number && `#${entry.number}`, entry?.team, entry?.flag].filter(Boolean);
  return words.length ? element("p", { class: "detail" }, element("bdi", {}, words.join(" · "))) : null;
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

function summary({ entry, ahead }, runs, resolutionNs) {
  const [first] = columnsOf(entry ?? {});
  const isByLap = first[0] === "best";
  const driven = runs.filter((run) => run.phase === "confirmed" && run.mine.best_ns != null).map((run) => run.mine);
  const facts = [
    [say("page.place"), entry?.is_disqualified ? say("page.disqualified") : (entry?.rank ?? "–")],
    [isByLap ? say("page.best-lap") : capital(columnName(first[0])), resultText(entry ?? {}, resolutionNs), madeNote(entry?.calculated ?? [])],
    [say("page.gap"), gapText(entry?.gap, resolutionNs) || (entry?.rank === 1 ? say("page.leads") : "–")],
  ];
  if (!isByLap && driven.length) facts.push(bestLap(driven, resolutionNs));
  if (first[0] !== "laps") facts.push([say("page.lap-count"), entry?.laps ?? 0]);
  const list = element("dl", { class: "summary" });
  for (const [label, value, note] of facts) {
    list.append(element("div", {}, element("dt", {}, label), element("dd", {}, String(value), note ?? "")));
  }
  if (ahead?.gap) {
    const link = element("a", { href: "#/competitors/" + encodeURIComponent(ahead.competitor_id) }, nameElement(ahead.name));
    const gap = element("dd", {}, amountText(ahead.gap, resolutionNs), " ", element("span", { class: "ahead" }, link));
    list.append(element("div", { class: "wide" }, element("dt", {}, say("page.to-place-above")), gap));
  }
  return list;
}

// Where the rank comes of something else; a time that was measured goes before the same one calculated.
function bestLap(driven, resolutionNs) {
  const bestNs = Math.min(...driven.map((one) => one.best_ns));
  const marks = driven.filter((one) => one.best_ns === bestNs).map(bestMarks);
  const calculated = marks.find((one) => !one.length) ?? marks[0];
  return [say("page.best-lap"), signed({ calculated }, lapText(bestNs, resolutionNs)), madeNote(calculated)];
}

// Return the marks of the best lap, none where a lap of that time was measured.
function bestMarks({ laps, best_ns: bestNs }) {
  const bests = laps.filter((lap) => lap.counts && lap.lap_ns === bestNs).map((lap) => lap.calculated ?? []);
  return bests.length && bests.every((marks) => marks.length) ? bests[0] : [];
}

const madeNote = (marks) => (marks.length ? element("small", { class: "sure" }, " " + calculatedWords(marks)) : "");

// Return how the best lap became better from run to run; nothing while there is one run.
function progress(runs, resolutionNs) {
  const driven = runs.map((run, index) => ({ number: index + 1, bestNs: run.mine.best_ns, phase: run.phase, calculated: bestMarks(run.mine) }));
  const counted = driven.filter((run) => run.phase === "confirmed" && run.bestNs != null);
  if (counted.length < 2) return null;
  const list = element("ol", { class: "progress", "aria-label": say("page.progress") });
  let bestNs = Infinity;
  for (const run of counted) {
    const gainNs = bestNs - run.bestNs;
    const gain = gainNs > 0 && bestNs !== Infinity ? withSign("−", lapText(gainNs, resolutionNs)) : "";
    bestNs = Math.min(bestNs, run.bestNs);
    const label = element("span", { class: "lap" }, say("page.run-number", { number: run.number }));
    list.append(element("li", { class: gain ? "best" : "" }, label, element("span", { class: "words" }, gain), element("span", { class: "time" }, signed(run, lapText(run.bestNs, resolutionNs)), madeNote(run.calculated))));
  }
  return element("section", {}, element("h3", {}, say("page.progress")), list);
}

function runSection(run, number, resolutionNs) {
  const isDecided = run.phase === "confirmed";
  const state = element("span", { class: "phase", "data-phase": run.phase }, phaseWord(run.phase));
  const head = element("h3", {}, say("page.run-number", { number }) + " ", state);
  const section = element("section", { class: "run" }, head);
  const { laps, best_ns: bestNs } = run.mine;
  if (!laps.length) {
    section.append(element("p", { class: "empty" }, say(isDecided ? "page.no-lap-in-run" : "page.no-lap")));
    return section;
  }
  if (!isDecided) section.append(element("p", { class: "hint" }, say("page.counts-once-confirmed")));
  const list = element("ol", { class: "laps", "aria-label": lapsSoFar(laps.length) });
  for (const lap of laps) list.append(lapItem(lap, bestNs, resolutionNs));
  section.append(list);
  return section;
}

function lapItem(lap, bestNs, resolutionNs) {
  const isBest = lap.counts && lap.lap_ns === bestNs;
  const words = [lapWords(lap), isBest ? say("page.best") : ""].filter(Boolean).join(", ");
  const time = element(lap.counts ? "span" : "s", { class: "time" }, signed(lap, lapText(lap.lap_ns, resolutionNs)));
  const sure = element("small", { class: "sure" }, sureText(lap.uncertainty_ns));
  const label = element("span", { class: "lap" }, say("page.lap-number", { number: lap.number }));
  return element("li", { class: isBest ? "best" : lap.counts ? "" : "out" }, label, element("span", { class: "words" }, words), element("span", {}, time, " ", sure));
}
