// One run: its laps and what may be done to each, both versions where it has changed, and who said what.

import { askAct, takeBack } from "./act_dialog.js";
import { ask } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, empty, list, personLink, phaseTag, table, tag, timeOf, when } from "./pieces.js";

const STATUSES = [["finished", "finished"], ["did-not-finish", "did not finish"], ["did-not-start", "did not start"], ["disqualified", "disqualified"]];

const runRef = (run, place) => `${run.run_id}@${place.place}`;

export async function runPage(id, redraw) {
  const page = await ask("/v1/desk/runs/" + encodeURIComponent(id));
  const { event, detail } = page;
  const { run } = detail;
  const parts = [];
  if (run.has_changed) parts.push(changedCard(run, event, redraw));
  for (const place of run.places) {
    const head = element("h2", {}, personLink(place.competitor_id, place.name), " ", phaseTag(run.phase), ...placeTags(place, event));
    parts.push(element("section", { class: "card" }, head, element("p", { class: "muted" }, `${run.unit}, track ${run.track}`), lapsTable(run, place, event, redraw), ...offersOf(run, place, redraw), runButtons(run, place, redraw)));
  }
  parts.push(card("Everything that was said", list([...detail.acts].reverse().map((one) => saidItem(one, redraw)), "Nothing.")));
  return { event, isWide: !run.has_changed, parts };
}

export function placeTags(place, event) {
  const marks = [];
  if (place.status !== "finished") marks.push(tag(place.status.replaceAll("-", " "), { class: "tag bad" }));
  if (place.penalty_ns) marks.push(tag(`+${timeOf(place.penalty_ns, event)} s`, { class: "tag warn" }));
  if (place.penalty_laps) marks.push(tag(`−${place.penalty_laps} laps`, { class: "tag warn" }));
  return marks.flatMap((one) => [" ", one]);
}

export function lapsTable(run, place, event, redraw) {
  if (!place.laps.length) return empty("No lap.");
  const heads = [{ label: "Lap", class: "number" }, { label: "Time", class: "number" }, { label: "" }, { label: "" }];
  return table(heads, place.laps.map((lap) => lapRow(run, place, lap, event, redraw)));
}

function lapRow(run, place, lap, event, redraw) {
  const marks = [];
  if (lap.waits_for_verdict) marks.push(tag("waits for a verdict", { class: "tag warn" }));
  else if (lap.is_short) marks.push(tag("short"));
  if (lap.verdict) marks.push(tag(lap.verdict, { class: lap.verdict === "void" ? "tag bad" : "tag good" }));
  for (const mark of lap.calculated) marks.push(tag(`calculated from ${mark.from_system}, ±${msOf(mark)} ms`, { class: "tag warn" }));
  if (lap.flag && !lap.waits_for_verdict) marks.push(tag(lap.flag.replaceAll("-", " ")));
  if (lap.is_corrected) marks.push(tag(`measured ${timeOf(lap.measured_ns, event)}`));
  if (lap.counts && lap.lap_ns === place.best_ns) marks.push(tag("best", { class: "tag good" }));
  const time = element(lap.counts ? "span" : "s", { class: "time" }, timeOf(lap.lap_ns, event));
  const label = `Lap ${lap.number}`;
  return element("tr", {},
    element("td", { class: "number" }, String(lap.number)),
    element("td", { class: "number" }, time),
    element("td", {}, ...marks.flatMap((one) => [one, " "])),
    element("td", { class: "number" }, ...(redraw ? [button("Act", () => askLap(run, place, lap, event, redraw), { "aria-label": `Act on ${label.toLowerCase()}` })] : [])));
}

const msOf = (mark) => Math.ceil(mark.uncertainty_ns / 1e6);

function offersOf(run, place, redraw) {
  const mine = run.offers.filter((one) => one.place === place.place || (one.place === 0 && place === run.places[0]));
  return mine.map((offer) => {
    const { mark } = offer;
    const pairs = mark.before_count + mark.after_count;
    const words = `System A missed a car that ${mark.from_system} saw. Its time is calculated by ${pairs} pair${pairs === 1 ? "" : "s"}, ±${msOf(mark)} ms.`;
    const take = () => askAct({ title: "Put in the passing that A missed", note: words, makeAct: () => ({ act: "take-offer", run: runRef(run, place), passing: mark.from_passing_id }), undo: "Take it out again", onDone: redraw });
    return element("p", {}, tag("A missed a car", { class: "tag warn" }), ` ${words} `, button("Put it in", take));
  });
}

function askLap(run, place, lap, event, redraw) {
  const ref = `${runRef(run, place)}#${lap.lap_id}`;
  const choices = [["void", "Void: it does not count"], ["valid", "Valid: it counts"], ["correct", "Another time"]];
  if (lap.is_corrected) choices.push(["measured", "The measured time again"]);
  askAct({
    title: `Lap ${lap.number}, ${timeOf(lap.lap_ns, event)}`,
    note: `Measured ${timeOf(lap.measured_ns, event)}.`,
    fields: [
      { name: "what", label: "What", options: choices, value: lap.waits_for_verdict ? "valid" : "void" },
      { name: "time", label: "Time", hint: "Only for another time: 12.345 or 1:02.345.", required: false, mode: "decimal" },
    ],
    makeAct: ({ what, time }) => {
      if (what === "correct") return { act: "correct", lap: ref, time };
      if (what === "measured") return { act: "correct", lap: ref, undo: true };
      return { act: "judge", lap: ref, verdict: what };
    },
    undo: "Undo",
    onDone: redraw,
  });
}

export function runButtons(run, place, redraw) {
  const reference = runRef(run, place);
  const made = [];
  const decide = (label, decision, undo, traits = {}) => button(label, () => askAct({ title: label, makeAct: () => ({ act: "decide", run: reference, decision }), undo, onDone: redraw }), traits);
  if (["review", "discarded"].includes(run.phase)) made.push(decide("Confirm", "confirmed", "Take the confirmation back", { class: "main" }));
  if (["confirmed", "discarded"].includes(run.phase)) made.push(decide("Re-open", "reopened", "Take the re-opening back"));
  if (run.phase !== "discarded") made.push(decide("Discard", "discarded", "Take the discarding back", { class: "danger" }));
  made.push(
    button("Penalise", () => askPenalty(reference, redraw)),
    button("Give to another", () => askAct({ title: "Give the run to another competitor", fields: [{ name: "competitor", label: "Who drove", hint: "A name or an id; empty for nobody known.", required: false }], makeAct: ({ competitor }) => ({ act: "hand-over", run: reference, competitor }), undo: "Give it back", onDone: redraw })),
    button("How it ended", () => askAct({ title: "How it ended", fields: [{ name: "status", label: "Result", options: STATUSES, value: place.status }], makeAct: ({ status }) => ({ act: "judge-place", run: reference, status }), undo: "Take that back", onDone: redraw })),
  );
  return buttons(...made);
}

function askPenalty(reference, redraw) {
  askAct({
    title: "Penalise",
    fields: [
      { name: "time", label: "Seconds added", hint: "Like 5 or 2.5; empty for none.", required: false, mode: "decimal" },
      { name: "laps", label: "Laps taken away", value: "0", type: "number" },
      { name: "code", label: "What for", hint: "One word, like false-start.", required: false },
    ],
    makeAct: ({ time, laps, code }) => ({ act: "penalise", run: reference, time: time || null, laps: Number(laps) || 0, code }),
    undo: "Take the penalty back",
    onDone: redraw,
  });
}

function changedCard(run, event, redraw) {
  const reference = runRef(run, run.places[0]);
  const versions = run.places.map((place) => {
    const now = run.changed_places.find((one) => one.place === place.place);
    const side = (title, one) => element("div", {}, element("h3", {}, title, " ", nameElement(one?.name ?? "")), one ? lapsTable(run, one, event, null) : empty("Not there."));
    return element("div", { class: "versions" }, side("As confirmed:", place), side("As it would be now:", now));
  });
  const made = element("section", { class: "card whole" }, element("h2", {}, "This run has changed since it was confirmed"), element("p", { class: "muted" }, "The board shows what was confirmed until you choose."), ...versions);
  made.append(buttons(
    button("Keep what was confirmed", () => askAct({ title: "Keep what was confirmed", makeAct: () => ({ act: "keep", run: reference }), onDone: redraw })),
    button("Take the new one", () => askAct({ title: "Take the new one", makeAct: () => ({ act: "decide", run: reference, decision: "confirmed" }), onDone: redraw }), { class: "main" }),
  ));
  return made;
}

const KIND_WORDS = { "run-armed": "armed", "run-started": "start said", "run-finished": "ended", "run-decided": "decided", "lap-judged": "verdict on a lap", "lap-corrected": "time corrected", "run-handed": "given to another", "penalty-given": "penalty", "place-judged": "how it ended", "passing-inserted": "passing inserted", "passing-attributed": "passing attributed", "passing-judged": "passing ignored", "off-track-noted": "off the track" };

function saidItem(one, redraw) {
  const said = one.said;
  const detail = [said.decision, said.verdict, said.status, said.ended, said.code].filter(Boolean).join(", ");
  const who = one.is_admin ? `admin ${one.by}` : [one.unit, one.by_name].filter(Boolean).join(", ");
  const what = `${KIND_WORDS[one.kind] ?? one.kind}${detail ? ": " + detail : ""}`;
  const words = element("span", { class: "grow" }, element("span", { class: one.is_withdrawn ? "old" : "" }, what), ...(one.reason ? [element("span", { class: "muted", dir: "auto" }, ` because: ${one.reason}`)] : []));
  const back = one.kind === "run-armed" ? [] : [button(one.is_withdrawn ? "Count again" : "Take back", () => takeBack({ ...one, what }, redraw))];
  return element("li", {}, when(one.utc_ms), element("span", { class: "muted" }, who), words, ...back);
}
