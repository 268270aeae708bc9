// One run: its laps and what may be done to each, both versions where it has changed, and who said what.

import { askAct, takeBack } from "./act_dialog.js";
import { ask } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, empty, list, personLink, phaseTag, table, tag, timeOf, when, word } from "./pieces.js";
import { figure, say } from "./say.js";

const STATUSES = ["finished", "did-not-finish", "did-not-start", "disqualified"].map((one) => [one, word(one)]);

const runRef = (run, place) => `${run.run_id}@${place.place}`;

export async function runPage(id, redraw) {
  const page = await ask("/v1/desk/runs/" + encodeURIComponent(id));
  const { event, detail } = page;
  const { run } = detail;
  const parts = [];
  if (run.has_changed) parts.push(changedCard(run, event, redraw));
  for (const place of run.places) {
    const head = element("h2", {}, personLink(place.competitor_id, place.name), " ", phaseTag(run.phase), ...placeTags(place, event));
    parts.push(element("section", { class: "card" }, head, element("p", { class: "muted" }, say("desk.unit-track-track", { unit: run.unit, track: run.track })), lapsTable(run, place, event, redraw), ...offersOf(run, place, redraw), runButtons(run, place, redraw)));
  }
  parts.push(card(say("desk.everything-that-was-said"), list([...detail.acts].reverse().map((one) => saidItem(one, redraw)), say("desk.nothing"))));
  return { event, isWide: !run.has_changed, parts };
}

export function placeTags(place, event) {
  const marks = [];
  if (place.status !== "finished") marks.push(tag(word(place.status), { class: "tag bad" }));
  if (place.penalty_ns) marks.push(tag(figure(`+${timeOf(place.penalty_ns, event)} s`), { class: "tag warn" }));
  if (place.penalty_laps) marks.push(tag(say("desk.laps-laps", { laps: place.penalty_laps }), { class: "tag warn" }));
  return marks.flatMap((one) => [" ", one]);
}

export function lapsTable(run, place, event, redraw) {
  if (!place.laps.length) return empty(say("desk.no-lap"));
  const heads = [{ label: say("desk.lap"), class: "number" }, { label: say("desk.time"), class: "number" }, { label: "" }, { label: "" }];
  return table(heads, place.laps.map((lap) => lapRow(run, place, lap, event, redraw)), true);
}

function lapRow(run, place, lap, event, redraw) {
  const marks = [];
  if (lap.waits_for_verdict) marks.push(tag(say("desk.waits-for-a-verdict"), { class: "tag warn" }));
  else if (lap.is_short) marks.push(tag(say("desk.short")));
  if (lap.verdict) marks.push(tag(word(lap.verdict), { class: lap.verdict === "void" ? "tag bad" : "tag good" }));
  for (const mark of lap.calculated) marks.push(tag(say("desk.calculated-from-system-ms-ms", { system: mark.from_system, ms: msOf(mark) }), { class: "tag warn" }));
  if (lap.flag && !lap.waits_for_verdict) marks.push(tag(word(lap.flag)));
  if (lap.is_corrected) marks.push(tag(say("desk.measured-time", { time: timeOf(lap.measured_ns, event) })));
  if (lap.counts && lap.lap_ns === place.best_ns) marks.push(tag(say("desk.best"), { class: "tag good" }));
  const time = element(lap.counts ? "span" : "s", { class: "time" }, timeOf(lap.lap_ns, event));
  const label = say("desk.lap-number", { number: lap.number });
  return element("tr", {},
    element("td", { class: "number" }, String(lap.number)),
    element("td", { class: "number" }, time),
    element("td", { class: "grow" }, ...marks.flatMap((one) => [one, " "])),
    element("td", { class: "number" }, ...(redraw ? [button(say("desk.act"), () => askLap(run, place, lap, event, redraw), { "aria-label": say("desk.act-on-lap", { lap: label.toLowerCase() }) })] : [])));
}

const msOf = (mark) => Math.ceil(mark.uncertainty_ns / 1e6);

function offersOf(run, place, redraw) {
  const mine = run.offers.filter((one) => one.place === place.place || (one.place === 0 && place === run.places[0]));
  return mine.map((offer) => {
    const { mark } = offer;
    const pairs = mark.before_count + mark.after_count;
    const words = say("desk.a-missed-what-another-saw", { system: mark.from_system, count: pairs, ms: msOf(mark) });
    const take = () => askAct({ title: say("desk.put-in-the-passing-that-a-missed"), note: words, makeAct: () => ({ act: "take-offer", run: runRef(run, place), passing: mark.from_passing_id }), undo: say("desk.take-it-out-again"), onDone: redraw });
    return element("p", {}, tag(say("desk.a-missed-a-car"), { class: "tag warn" }), ` ${words} `, button(say("desk.put-it-in"), take));
  });
}

function askLap(run, place, lap, event, redraw) {
  const ref = `${runRef(run, place)}#${lap.lap_id}`;
  const driven = drivenPlace(run, place).laps.find((one) => one.lap_id === lap.lap_id) ?? lap;
  const choices = [["void", say("desk.void-it-does-not-count")], ["valid", say("desk.valid-it-counts")], ["correct", say("desk.another-time")]];
  if (lap.is_corrected) choices.push(["measured", say("desk.the-measured-time-again")]);
  askAct({
    title: say("desk.lap-number-time", { number: lap.number, time: timeOf(lap.lap_ns, event) }),
    note: say("desk.measured-time-2", { time: timeOf(lap.measured_ns, event) }),
    fields: [
      { name: "what", label: say("desk.what"), options: choices, value: lap.waits_for_verdict ? "valid" : "void" },
      { name: "time", label: say("desk.time"), hint: say("desk.only-for-another-time-12-345-or"), required: false, mode: "decimal" },
    ],
    makeAct: ({ what, time }) => {
      if (what === "correct") return { act: "correct", lap: ref, time };
      if (what === "measured") return { act: "correct", lap: ref, undo: true };
      return { act: "judge", lap: ref, verdict: what };
    },
    seen: { lap_ns: driven.lap_ns, verdict: driven.verdict ?? null },
    undo: say("desk.undo"),
    onDone: redraw,
  });
}

// A place as it is driven: where the run changed since it was confirmed, as it would be now.
const drivenPlace = (run, place) => (run.has_changed ? run.changed_places : run.places).find((one) => one.place === place.place) ?? place;

export function runButtons(run, place, redraw) {
  const reference = runRef(run, place);
  const seen = placeSeen(run, place);
  const of = (...names) => Object.fromEntries(names.map((name) => [name, seen[name]]));
  const made = [];
  const decide = (label, decision, undo, traits = {}) => button(label, () => askAct({ title: label, makeAct: () => ({ act: "decide", run: reference, decision }), seen, undo, onDone: redraw }), traits);
  if (["review", "discarded"].includes(run.phase)) made.push(decide(say("desk.confirm"), "confirmed", say("desk.take-the-confirmation-back"), { class: "main" }));
  if (["confirmed", "discarded"].includes(run.phase)) made.push(decide(say("desk.re-open"), "reopened", say("desk.take-the-re-opening-back")));
  if (run.phase !== "discarded") made.push(decide(say("desk.discard"), "discarded", say("desk.take-the-discarding-back"), { class: "danger" }));
  made.push(
    button(say("desk.penalise"), () => askPenalty(reference, of("penalty_ns", "penalty_laps"), redraw)),
    button(say("desk.give-to-another"), () => askAct({ title: say("desk.give-the-run-to-another-competitor"), fields: [{ name: "competitor", label: say("desk.who-drove"), hint: say("desk.a-name-or-an-id-empty-for"), required: false }], makeAct: ({ competitor }) => ({ act: "hand-over", run: reference, competitor }), seen: of("driver"), undo: say("desk.give-it-back"), onDone: redraw })),
    button(say("desk.how-it-ended"), () => askAct({ title: say("desk.how-it-ended"), fields: [{ name: "status", label: say("desk.result"), options: STATUSES, value: place.status }], makeAct: ({ status }) => ({ act: "judge-place", run: reference, status }), seen: of("status"), undo: say("desk.take-that-back"), onDone: redraw })),
  );
  return buttons(...made);
}

const placeSeen = (run, place) => {
  const { status, penalty_ns, penalty_laps, competitor_id, name, laps } = drivenPlace(run, place);
  return { phase: run.phase, status, penalty_ns, penalty_laps, driver: [competitor_id, name], laps: laps.map((one) => [one.lap_ns, one.counts]) };
};

function askPenalty(reference, seen, redraw) {
  askAct({
    title: say("desk.penalise"),
    fields: [
      { name: "time", label: say("desk.seconds-added"), hint: say("desk.like-5-or-2-5-empty-for"), required: false, mode: "decimal" },
      { name: "laps", label: say("desk.laps-taken-away"), value: "0", type: "number" },
      { name: "code", label: say("desk.what-for"), hint: say("desk.one-word-like-false-start"), required: false },
    ],
    makeAct: ({ time, laps, code }) => ({ act: "penalise", run: reference, time: time || null, laps: Number(laps) || 0, code }),
    seen,
    undo: say("desk.take-the-penalty-back"),
    onDone: redraw,
  });
}

function changedCard(run, event, redraw) {
  const reference = runRef(run, run.places[0]);
  const seen = placeSeen(run, run.places[0]);
  const versions = run.places.map((place) => {
    const now = run.changed_places.find((one) => one.place === place.place);
    const side = (title, one) => element("div", {}, element("h3", {}, title, " ", nameElement(one?.name ?? "")), one ? lapsTable(run, one, event, null) : empty(say("desk.not-there")));
    return element("div", { class: "versions" }, side(say("desk.as-confirmed"), place), side(say("desk.as-it-would-be-now"), now));
  });
  const made = element("section", { class: "card whole" }, element("h2", {}, say("desk.this-run-has-changed-since-it-was")), element("p", { class: "muted" }, say("desk.the-board-shows-what-was-confirmed-until")), ...versions);
  made.append(buttons(
    button(say("desk.keep-what-was-confirmed"), () => askAct({ title: say("desk.keep-what-was-confirmed"), makeAct: () => ({ act: "keep", run: reference }), seen, onDone: redraw })),
    button(say("desk.take-the-new-one"), () => askAct({ title: say("desk.take-the-new-one"), makeAct: () => ({ act: "decide", run: reference, decision: "confirmed" }), seen, onDone: redraw }), { class: "main" }),
  ));
  return made;
}

const KIND_WORDS = { "run-armed": say("desk.armed"), "run-started": say("desk.start-said"), "run-finished": say("desk.ended"), "run-decided": say("desk.decided"), "lap-judged": say("desk.verdict-on-a-lap"), "lap-corrected": say("desk.time-corrected"), "run-handed": say("desk.given-to-another"), "penalty-given": say("desk.penalty"), "place-judged": say("desk.how-it-ended-2"), "passing-inserted": say("desk.passing-inserted"), "passing-attributed": say("desk.passing-attributed"), "passing-judged": say("desk.passing-ignored"), "off-track-noted": say("desk.off-the-track-2") };

function saidItem(one, redraw) {
  const said = one.said;
  const detail = [said.decision, said.verdict, said.status, said.ended, said.code].filter(Boolean).map(word).join(", ");
  const who = one.is_admin ? say("desk.admin-name", { name: one.by }) : [one.unit, one.by_name].filter(Boolean).join(", ");
  const what = `${KIND_WORDS[one.kind] ?? word(one.kind)}${detail ? ": " + detail : ""}`;
  const words = element("span", { class: "grow" }, element("span", { class: one.is_withdrawn ? "old" : "" }, what), ...(one.reason ? [element("span", { class: "muted", dir: "auto" }, say("desk.because-why", { why: one.reason }))] : []));
  const back = one.kind === "run-armed" ? [] : [button(one.is_withdrawn ? say("desk.count-again") : say("desk.run-take-back"), () => takeBack({ ...one, what }, redraw))];
  return element("li", {}, when(one.utc_ms), element("span", { class: "muted" }, who), words, ...back);
}
