// Who drives now, how far the run has come, and the last lap, which is provisional until an official confirms it.

import { byId, element, nameElement } from "./elements.js";
import { counted, lapText } from "./time_text.js";

export const PHASES = {
  armed: "Ready to start",
  running: "Running",
  "time-up": "Time is up, last lap",
  review: "Waiting for the official",
  confirmed: "Confirmed",
  discarded: "Discarded",
};

export function drawTrack(runs, resolutionNs) {
  byId("track").hidden = !runs.length;
  byId("track-cards").replaceChildren(...runs.map((run) => card(run, resolutionNs, runs.length > 1)));
}

function card(run, resolutionNs, isOneOfMany) {
  const first = run.places[0];
  const last = first.last;
  const phase = PHASES[run.phase] ?? run.phase;
  const lines = [
    element("span", { class: "phase", "data-phase": run.phase }, isOneOfMany ? `${run.track}: ${phase}` : phase),
    nameElement(first.name),
  ];
  const numbers = element("span", { class: "numbers" }, number("Laps so far", String(first.lap_count)));
  lines.push(numbers);
  if (last) {
    numbers.append(number("Last lap", lapText(last.lap_ns, resolutionNs), !last.counts));
    if (first.best_ns != null) numbers.append(number("Best lap", lapText(first.best_ns, resolutionNs)));
    const words = last.counts ? "Provisional" : `Last lap: ${lapWords(last).toLowerCase()}. Provisional`;
    lines.push(element("span", { class: "hint track" }, `${words} until confirmed.`));
  }
  const href = "#/competitors/" + encodeURIComponent(first.competitor_id ?? "");
  return element("a", { class: "card", href }, ...lines);
}

function number(label, value, isOut = false) {
  const shown = element(isOut ? "s" : "span", { class: "value" }, value);
  return element("span", { class: "number" }, element("span", { class: "label" }, label), " ", shown);
}

export function lapWords(lap) {
  const words = verdictWords(lap);
  const made = lap.is_corrected ? "Corrected" : calculatedWords(lap.calculated);
  return made && words ? `${made}, ${words.toLowerCase()}` : made || words;
}

export function calculatedWords(marks) {
  if (!marks || !marks.length) return "";
  const sureMs = Math.ceil(Math.max(...marks.map((mark) => mark.uncertainty_ns)) / 1e6);
  return `Calculated, ±${sureMs} ms`;
}

function verdictWords(lap) {
  if (lap.verdict === "void") return lap.is_short ? "Short, void" : "Void";
  if (lap.is_short) return lap.verdict === "valid" ? "Short, judged valid" : "Short, not judged yet";
  return "";
}

export function lapsSoFar(run) {
  return counted(run.laps.length, "lap");
}
