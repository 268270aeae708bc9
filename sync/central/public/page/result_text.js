// What an entry is worth, in what its event ranks by: a time, laps or points; and what else its format shows.

import { knows, language, say, withSign } from "./say.js";
import { lapText } from "./time_text.js";

const TOLD_APART = ["laps", "runs"]; // every entry says these

export const columnsOf = (entry) => (entry.columns?.length ? entry.columns : [["best", "duration_ns", entry.best_ns ?? null]]);

export function amountText([, kind, value], resolutionNs) {
  if (value == null) return kind === "duration_ns" ? say("result.no-time") : "–";
  if (kind === "duration_ns") return lapText(value, resolutionNs);
  return say(kind === "points" ? "result.points" : "result.laps", { count: value });
}

// A time that was calculated says so by a sign.
export const signed = (one, text) => (one.calculated?.length ? withSign("≈", text) : text);

export function resultText(entry, resolutionNs) {
  const [first] = columnsOf(entry);
  return first[2] == null ? amountText(first, resolutionNs) : signed(entry, amountText(first, resolutionNs));
}

// How far behind: the leader, or whoever `gap` is told of.
export function gapText(gap, resolutionNs) {
  if (!gap?.[2]) return "";
  const [code, kind, value] = gap;
  return withSign(value < 0 ? "−" : "+", amountText([code, kind, Math.abs(value)], resolutionNs));
}

// What a column is called; one that only a newer server knows keeps its code.
export function columnName(code) {
  const run = /^run_(\d+)$/.exec(code);
  if (run) return say("page.run-number", { number: run[1] });
  return knows(`result.column.${code}`) ? say(`result.column.${code}`) : code.replaceAll("_", " ");
}

export const capital = (text) => text[0].toLocaleUpperCase(language) + text.slice(1);

// What is shown besides, each with its name.
export function furtherTexts(entry, resolutionNs) {
  const further = columnsOf(entry).slice(1).filter(([code, , value]) => value != null && !TOLD_APART.includes(code));
  return further.map((column) => `${columnName(column[0])} ${bare(column, resolutionNs)}`);
}

const bare = (column, resolutionNs) => (column[1] === "duration_ns" ? lapText(column[2], resolutionNs) : String(column[2]));

// The event's ranking, where it is not by the best lap.
export function rankedBy(entries) {
  const code = entries[0]?.columns?.[0]?.[0] ?? "best";
  return code === "best" ? "" : columnName(code);
}
