// Times as text. Durations are nanoseconds, already cut to the event's resolution: nothing is rounded here.

import { figure, language, say } from "./say.js";

const SECOND_NS = 1_000_000_000;

export function decimalsOf(resolutionNs) {
  let decimals = 9;
  let unitNs = 1;
  while (decimals > 0 && resolutionNs % (unitNs * 10) === 0) {
    unitNs *= 10;
    decimals -= 1;
  }
  return decimals;
}

export function lapText(lapNs, resolutionNs) {
  const decimals = decimalsOf(resolutionNs);
  const seconds = Math.floor(lapNs / SECOND_NS);
  const fraction = decimals ? "." + String(lapNs % SECOND_NS).padStart(9, "0").slice(0, decimals) : "";
  const minutes = Math.floor(seconds / 60);
  if (!minutes) return `${seconds}${fraction}`;
  const rest = `${String(seconds % 60).padStart(2, "0")}${fraction}`;
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

// How far a time may be off, rounded up.
export function sureText(ns) {
  return figure(ns < 1e6 ? `±${Math.ceil(ns / 1e3)} µs` : `±${Math.ceil(ns / 1e6)} ms`);
}

export function clockText(utcMs) {
  return new Date(utcMs).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function ageText(ageMs) {
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 1) return say("page.age.now");
  if (minutes < 120) return say("page.age.minutes", { count: minutes });
  if (minutes < 2_880) return say("page.age.hours", { count: Math.floor(minutes / 60) });
  return say("page.age.days", { count: Math.floor(minutes / 1_440) });
}
