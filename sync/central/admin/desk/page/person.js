// One competitor: who it is, every run with its laps, and everything that was said, with the way back.

import { askAct, takeBack } from "./act_dialog.js";
import { ask } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, empty, entryHead, entryResult, facts, list, phaseTag, runHref, tag, when } from "./pieces.js";
import { lapsTable, placeTags, runButtons } from "./run.js";
import { say } from "./say.js";

export async function personPage(id, redraw) {
  const person = await ask("/v1/desk/competitors/" + encodeURIComponent(id));
  const { event, entry } = person;
  const head = element("section", { class: "card whole" }, element("h2", {}, nameElement(person.name), " ", ...(person.is_disqualified ? [tag(say("desk.disqualified"), { class: "tag bad" })] : [])));
  head.append(
    facts([
      [say("desk.rank"), entry?.is_disqualified ? say("desk.disqualified") : String(entry?.rank ?? "–")],
      [entryHead(entry ? [entry] : []), entryResult(entry, event)],
      [say("desk.laps"), String(entry?.laps ?? 0)],
      [say("desk.number"), person.number || say("desk.none")],
      [say("desk.class"), person.race_class || say("desk.none")],
      [say("desk.team"), person.team || say("desk.none")],
      [say("desk.transponders"), person.transponders.join(" ") || say("desk.none")],
      [say("desk.id"), person.competitor_id],
    ]),
    personButtons(person, redraw),
  );
  const runs = [...person.runs].reverse().map((one) => runCard(one, event, redraw));
  const acts = [...person.history].reverse().map((act) => actItem(act, redraw));
  return {
    event,
    isWide: true,
    parts: [head, element("div", { class: "column" }, ...(runs.length ? runs : [card(say("desk.runs"), empty(say("desk.no-run-yet")))])), card(say("desk.everything-that-was-said"), list(acts, say("desk.nothing")))],
  };
}

function personButtons(person, redraw) {
  const competitor = person.competitor_id;
  const standing = person.is_disqualified
    ? button(say("desk.reinstate"), () => askAct({ title: say("desk.reinstate"), makeAct: () => ({ act: "reinstate", competitor }), undo: say("desk.disqualify-again"), onDone: redraw }))
    : button(say("desk.disqualify"), () => askAct({ title: say("desk.disqualify"), note: say("desk.out-of-the-ranking-listed-last"), makeAct: () => ({ act: "disqualify", competitor }), undo: say("desk.reinstate"), isDanger: true, onDone: redraw }), { class: "danger" });
  if (person.is_erased) return buttons(standing);
  return buttons(standing, button(say("desk.change"), () => askChange(person, redraw)), button(say("desk.join"), () => askJoin(person)), button(say("desk.erase"), () => askErase(person, redraw), { class: "danger" }));
}

function askChange(person, redraw) {
  const names = ["name", "number", "race_class", "team"];
  const labels = { name: say("desk.name"), number: say("desk.number"), race_class: say("desk.class"), team: say("desk.team") };
  askAct({
    title: say("desk.change-the-competitor"),
    fields: names.map((name) => ({ name, label: labels[name], value: person[name], required: name === "name" })),
    seen: Object.fromEntries(names.map((name) => [name, person[name]])),
    makeAct: (values) => ({ act: "change", competitor: person.competitor_id, ...Object.fromEntries(names.filter((name) => values[name] !== person[name]).map((name) => [name, values[name]])) }),
    onDone: redraw,
  });
}

function askJoin(person) {
  askAct({
    title: say("desk.join-with-another-competitor"),
    note: say("desk.for-one-person-with-two-entries-all"),
    fields: [{ name: "into", label: say("desk.the-entry-that-stays"), hint: say("desk.its-name-or-its-id") }],
    makeAct: ({ into }) => ({ act: "join", competitor: person.competitor_id, into }),
    onDone: () => { location.hash = "#/"; },
  });
}

function askErase(person, redraw) {
  askAct({
    title: say("desk.erase-this-person-s-name-for-ever"),
    note: say("desk.the-results-stay-under-the-name-erased"),
    makeAct: () => ({ act: "erase", competitor: person.competitor_id }),
    isDanger: true,
    mustType: person.name,
    onDone: redraw,
  });
}

function runCard(one, event, redraw) {
  const { run } = one;
  const place = run.places.find((each) => each.place === one.place) ?? run.places[0];
  const title = element("h2", {}, say("desk.run-number", { number: one.number }), phaseTag(run.phase), " ", ...(run.has_changed ? [tag(say("desk.person-changed"), { class: "tag warn" })] : []), ...placeTags(place, event));
  return element("section", { class: "card" }, title, lapsTable(run, place, event, redraw), runButtons(run, place, redraw), buttons(element("a", { class: "button", href: runHref(run.run_id) }, say("desk.the-whole-run"))));
}

export function actItem(act, redraw) {
  const words = element("span", { class: "grow" }, element("span", { class: act.is_withdrawn ? "old" : "", dir: "auto" }, act.what), ...(act.why ? [element("span", { class: "muted", dir: "auto" }, say("desk.because-why", { why: act.why }))] : []));
  const back = act.is_act ? [button(act.is_withdrawn ? say("desk.count-again") : say("desk.person-take-back"), () => takeBack(act, redraw))] : [];
  return element("li", {}, when(act.utc_ms), element("span", { class: "muted" }, act.who), words, ...back);
}
