// The clock of a run: how much time is left, or how long it goes already, by the unit's own clock.
// A phone's clock may be wrong; central's is asked for once, where a clock is shown.

import { setText } from "./elements.js";

const TICK_MS = 200;
const DOUBT_MS = 30_000;
const DAY_MS = 86_400_000;
let aheadMs = 0; // how far central's clock is ahead of this phone's
let isAsked = false;
const shown = new Map(); // element -> clock

export function watchClock(target, clock) {
  shown.set(target, clock);
  if (!isAsked) askCentral();
  draw(target, clock);
}

setInterval(() => {
  for (const [target, clock] of shown) {
    if (target.isConnected) draw(target, clock);
    else shown.delete(target);
  }
}, TICK_MS);

async function askCentral() {
  isAsked = true;
  const askedMs = Date.now();
  try {
    const answer = await fetch("/api/v1/health", { method: "HEAD", cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error("not ours");
    const saidMs = Date.parse(answer.headers.get("Date"));
    // Its seconds are cut, so half a second is added; a phone that is right within that stays as it is.
    const offMs = saidMs + 500 - (askedMs + Date.now()) / 2;
    if (Math.abs(offMs) > 1_000) aheadMs = offMs;
  } catch {
    isAsked = false;
  }
}

function draw(target, clock) {
  const ms = leftOrGoneMs(clock, Date.now() + aheadMs);
  setText(target, ms === null ? "" : clockText(ms));
}

// Nothing where the unit's clock cannot be right: a run that begins tomorrow, or goes on long after its end.
export function leftOrGoneMs(clock, nowMs) {
  const pauses = clock.pauses_utc_ms ?? [];
  const standsStill = pauses.find((pause) => pause.length === 1);
  const untilMs = standsStill ? standsStill[0] : nowMs;
  const pausedMs = pauses.reduce((sum, [from, to]) => sum + (to === undefined ? 0 : to - from), 0);
  const toldMs = untilMs - clock.started_utc_ms - pausedMs;
  const mostMs = clock.run_ms ? clock.run_ms + DOUBT_MS : DAY_MS;
  if (toldMs < -DOUBT_MS || toldMs > mostMs) return null;
  const goneMs = Math.max(0, toldMs);
  return clock.run_ms ? Math.max(0, clock.run_ms - goneMs) : goneMs;
}

function clockText(ms) {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
