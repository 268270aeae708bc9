// One competitor: who it is, every run with its laps, and everything that was said, with the way back.

import { askAct, takeBack } from "./act_dialog.js";
import { ask } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, empty, facts, list, phaseTag, resultOf, runHref, tag, when } from "./pieces.js";
import { lapsTable, placeTags, runButtons } from "./run.js";

export async function personPage(id, redraw) {
  const person = await ask("/v1/desk/competitors/" + encodeURIComponent(id));
  const { event, entry } = person;
  const head = element("section", { class: "card whole" }, element("h2", {}, nameElement(person.name), " ", ...(person.is_disqualified ? [tag("disqualified", { class: "tag bad" })] : [])));
  head.append(
    facts([
      ["Rank", entry?.is_disqualified ? "disqualified" : String(entry?.rank ?? "–")],
      ["Best lap", resultOf(entry?.best_ns, entry?.calculated, event)],
      ["Laps", String(entry?.laps ?? 0)],
      ["Number", person.number || "none"],
      ["Class", person.race_class || "none"],
      ["Team", person.team || "none"],
      ["Transponders", person.transponders.join(" ") || "none"],
      ["Id", person.competitor_id],
    ]),
    personButtons(person, redraw),
  );
  const runs = [...person.runs].reverse().map((one) => runCard(one, event, redraw));
  const acts = [...person.history].reverse().map((act) => actItem(act, redraw));
  return {
    event,
    isWide: true,
    parts: [head, element("div", {}, ...(runs.length ? runs : [card("Runs", empty("No run yet."))])), card("Everything that was said", list(acts, "Nothing."))],
  };
}

function personButtons(person, redraw) {
  const competitor = person.competitor_id;
  const standing = person.is_disqualified
    ? button("Reinstate", () => askAct({ title: "Reinstate", makeAct: () => ({ act: "reinstate", competitor }), undo: "Disqualify again", onDone: redraw }))
    : button("Disqualify", () => askAct({ title: "Disqualify", note: "Out of the ranking; listed last.", makeAct: () => ({ act: "disqualify", competitor }), undo: "Reinstate", isDanger: true, onDone: redraw }), { class: "danger" });
  if (person.is_erased) return buttons(standing);
  return buttons(standing, button("Change", () => askChange(person, redraw)), button("Join", () => askJoin(person)), button("Erase", () => askErase(person, redraw), { class: "danger" }));
}

function askChange(person, redraw) {
  const names = ["name", "number", "race_class", "team"];
  const labels = { name: "Name", number: "Number", race_class: "Class", team: "Team" };
  askAct({
    title: "Change the competitor",
    fields: names.map((name) => ({ name, label: labels[name], value: person[name], required: name === "name" })),
    makeAct: (values) => ({ act: "change", competitor: person.competitor_id, ...Object.fromEntries(names.filter((name) => values[name] !== person[name]).map((name) => [name, values[name]])) }),
    onDone: redraw,
  });
}

function askJoin(person) {
  askAct({
    title: "Join with another competitor",
    note: "For one person with two entries: all runs go to the entry that you name here.",
    fields: [{ name: "into", label: "The entry that stays", hint: "Its name, or its id." }],
    makeAct: ({ into }) => ({ act: "join", competitor: person.competitor_id, into }),
    onDone: () => { location.hash = "#/"; },
  });
}

function askErase(person, redraw) {
  askAct({
    title: "Erase this person's name, for ever",
    note: "The results stay under the name 'Erased'. This cannot be undone. Exports and backups made earlier keep the name.",
    makeAct: () => ({ act: "erase", competitor: person.competitor_id }),
    isDanger: true,
    mustType: person.name,
    onDone: redraw,
  });
}

function runCard(one, event, redraw) {
  const { run } = one;
  const place = run.places.find((each) => each.place === one.place) ?? run.places[0];
  const title = element("h2", {}, `Run ${one.number} `, phaseTag(run.phase), " ", ...(run.has_changed ? [tag("changed", { class: "tag warn" })] : []), ...placeTags(place, event));
  return element("section", { class: "card" }, title, lapsTable(run, place, event, redraw), runButtons(run, place, redraw), buttons(element("a", { class: "button", href: runHref(run.run_id) }, "The whole run")));
}

export function actItem(act, redraw) {
  const words = element("span", { class: "grow" }, element("span", { class: act.is_withdrawn ? "old" : "", dir: "auto" }, act.what), ...(act.why ? [element("span", { class: "muted", dir: "auto" }, ` because: ${act.why}`)] : []));
  const back = act.is_act ? [button(act.is_withdrawn ? "Count again" : "Take back", () => takeBack(act, redraw))] : [];
  return element("li", {}, when(act.utc_ms), element("span", { class: "muted" }, act.who), words, ...back);
}
