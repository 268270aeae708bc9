// Who drives now, how far the run has come, and the last lap, which is provisional until an official confirms it.

import { byId, element, nameElement } from "./elements.js";
import { signed } from "./result_text.js";
import { say } from "./say.js";
import { watchClock } from "./run_clock.js";
import { lapText } from "./time_text.js";

const PHASES = {
  armed: "page.phase.armed",
  running: "page.phase.running",
  paused: "page.phase.paused",
  "time-up": "page.phase.time-up",
  review: "page.phase.review",
  confirmed: "page.phase.confirmed",
  discarded: "page.phase.discarded",
};

export const phaseWord = (phase) => (PHASES[phase] ? say(PHASES[phase]) : phase);

export function drawTrack(runs, resolutionNs) {
  byId("track").hidden = !runs.length;
  byId("track-cards").replaceChildren(...runs.map((run) => card(run, resolutionNs, runs.length > 1)));
}

function card(run, resolutionNs, isOneOfMany) {
  const phase = phaseWord(run.phase);
  const head = element("p", { class: "card-head" }, element("span", { class: "phase", "data-phase": run.phase }, isOneOfMany ? `${run.track}: ${phase}` : phase));
  if (run.clock?.started_utc_ms && ["running", "paused"].includes(run.phase)) {
    const clock = element("span", { class: "clock", role: "timer", "aria-label": say(run.clock.run_ms ? "page.time-left" : "page.time-gone") });
    head.append(clock);
    watchClock(clock, run.clock);
  }
  return element("article", { class: "card" }, head, ...run.places.map((place) => driver(place, resolutionNs)));
}

function driver(place, resolutionNs) {
  const last = place.last;
  const lines = [nameElement(place.name)];
  const numbers = element("span", { class: "numbers" }, number(say("page.laps-so-far"), String(place.lap_count)));
  lines.push(numbers);
  if (last) {
    numbers.append(number(say("page.last-lap"), signed(last, lapText(last.lap_ns, resolutionNs)), !last.counts));
    if (place.best_ns != null) numbers.append(number(say("page.best-lap"), signed(place, lapText(place.best_ns, resolutionNs))));
    const told = last.counts ? calculatedWords(last.calculated) : lapWords(last);
    const ofLast = told ? say("page.last-lap-provisional", { words: told[0].toLowerCase() + told.slice(1) }) : say("page.provisional");
    const ofBest = last.calculated.length ? "" : calculatedWords(place.calculated);
    const words = ofBest ? `${ofLast} ${say("page.best-lap")}: ${ofBest}.` : ofLast;
    lines.push(element("span", { class: "hint track" }, words));
  }
  if (place.competitor_id == null) return element("div", { class: "driver" }, ...lines);
  return element("a", { class: "driver", href: "#/competitors/" + encodeURIComponent(place.competitor_id) }, ...lines);
}

function number(label, value, isOut = false) {
  const shown = element(isOut ? "s" : "span", { class: "value" }, value);
  return element("span", { class: "number" }, element("span", { class: "label" }, label), " ", shown);
}

export function lapWords(lap) {
  const words = verdictWords(lap);
  const made = lap.is_corrected ? say("page.lap.corrected") : calculatedWords(lap.calculated);
  return made && words ? `${made}, ${words.toLowerCase()}` : made || words;
}

export function calculatedWords(marks) {
  if (!marks || !marks.length) return "";
  const leastSure = marks.reduce((one, other) => (other.uncertainty_ns > one.uncertainty_ns ? other : one));
  return say("page.lap.calculated", { ms: Math.ceil(leastSure.uncertainty_ns / 1e6), system: leastSure.from_system });
}

function verdictWords(lap) {
  if (lap.verdict === "void") return say(lap.is_short ? "page.lap.short-void" : "page.lap.void");
  if (lap.is_short) return say(lap.verdict === "valid" ? "page.lap.short-valid" : "page.lap.short-open");
  return "";
}

export function lapsSoFar(count) {
  return say("page.laps", { count });
}
