// The live board: changes are put together with what is here, and what a phone can tell itself is told: rank and gap.

// A change is a merge patch (null: gone), and in a list of things with ids {gone: [id…], set: [[place, patch]…]}.
export function changed(old, change) {
  const fresh = { ...old };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete fresh[key];
    else if (typeof value !== "object" || Array.isArray(value)) fresh[key] = value;
    else if (Array.isArray(old[key])) fresh[key] = changedList(old[key], value);
    else fresh[key] = changed(old[key] ?? {}, value);
  }
  return fresh;
}

function changedList(old, { gone = [], set = [] }) {
  const out = new Set([...gone, ...set.map(([, patch]) => patch.id)]);
  const former = new Map(old.map((one) => [one.id, one]));
  const fresh = old.filter((one) => !out.has(one.id));
  for (const [place, patch] of set) fresh.splice(place, 0, changed(former.get(patch.id) ?? {}, patch));
  return fresh;
}

// The board as it is drawn and kept.
export function drawn(live) {
  const leader = live.entries.find((one) => isRanked(one));
  let ranked = 0;
  let rank = 0;
  const entries = live.entries.map((one) => {
    if (isRanked(one)) {
      ranked += 1;
      if (!one.tied) rank = ranked;
    }
    return drawnEntry(one, isRanked(one) ? rank : null, one.disqualified ? null : gapOf(one, leader, live.event.amounts));
  });
  return { event: live.event, entries, total: live.count, newest: live.newest ?? null, on_track: live.on_track.map(drawnRun) };
}

const isRanked = (one) => !!one.amounts && !one.disqualified && !one.outside;

function gapOf(one, leader, kinds) {
  if (!leader || !one.amounts) return null;
  const at = one.amounts.findIndex((amount, index) => amount !== leader.amounts[index]);
  return at < 0 ? ["gap", kinds[0], 0] : ["gap", kinds[at], one.amounts[at] - leader.amounts[at]];
}

function drawnEntry(one, rank, gap) {
  return {
    competitor_id: one.id,
    name: one.name,
    rank,
    best_ns: one.columns.find(([code]) => code === "best")?.[2] ?? null,
    laps: one.laps,
    runs: one.runs,
    is_disqualified: !!one.disqualified,
    columns: one.columns,
    gap,
    number: one.number ?? "",
    race_class: one.race_class ?? "",
    team: one.team ?? "",
    flag: one.flag ?? "",
    calculated: marks(one),
  };
}

function drawnRun(run) {
  const places = run.places.map((one) => ({
    place: one.id,
    competitor_id: one.competitor ?? null,
    name: one.name,
    lap_count: one.laps,
    last: one.last ? drawnLap(one.last) : null,
    best_ns: one.best_ns ?? null,
    calculated: marks(one),
  }));
  return { run_id: run.id, unit: run.unit, track: run.track, phase: run.phase, clock: run.clock ?? null, places };
}

function drawnLap(lap) {
  return {
    lap_ns: lap.ns,
    counts: !lap.out,
    is_short: !!lap.short,
    verdict: lap.verdict ?? null,
    is_corrected: !!lap.corrected,
    waits_for_verdict: !!lap.waits,
    calculated: marks(lap),
  };
}

const marks = (one) => (one.calculated_ms == null ? [] : [{ uncertainty_ns: one.calculated_ms * 1e6, from_system: one.calculated_from }]);
