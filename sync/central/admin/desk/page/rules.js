// What is raced: the event's format, its own formats, classes, stages and tracks.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, list, table, tag } from "./pieces.js";

const KINDS = [["heats", "Heats by lane, each driver once on every lane"], ["knockout", "Knock-out, pairs"], ["double-elimination", "Double elimination, out after two losses"], ["heat-knockout", "Heats, the first of each go on"], ["ladder", "Ladder of mains, the first of each bump up"]];

export const say = async (rule) => (await post("/v1/admin/rules", rule)).sentence;
export const formatHref = (name) => "#/format/" + encodeURIComponent(name);
const presetHref = (name) => "#/format-from/" + encodeURIComponent(name);

export async function rulesPage(redraw) {
  const rules = await ask("/v1/admin/rules");
  return {
    isWide: true,
    parts: [
      element("div", { class: "column" }, eventCard(rules, redraw), formatsCard(rules, redraw)),
      element("div", { class: "column" }, classesCard(rules, redraw), stagesCard(rules, redraw), tracksCard(rules)),
    ],
  };
}

// Every format there is to choose; what is not the event's own yet becomes it when it is chosen.
export function formatOptions(rules, first) {
  const own = rules.formats.map((one) => one.name);
  const others = rules.presets.map((one) => one.name).filter((name) => !own.includes(name));
  return [["", first], ...own.map((name) => [name, name]), ...others.map((name) => [name, `${name} (preset)`])];
}

function eventCard(rules, redraw) {
  return formCard("The event is raced by", [{ name: "format", label: "Format", options: formatOptions(rules, "The usual rules: best lap"), value: rules.format }], "Use it", async ({ format }) => {
    const sentence = await say({ rule: "event", format });
    redraw();
    return sentence;
  }, { note: "Every board is ranked anew at once. A run keeps the timing rules it was started under." });
}

function formatsCard(rules, redraw) {
  const own = rules.formats.map((one) => element("li", {},
    element("a", { class: "grow", href: formatHref(one.name) }, nameElement(one.name)),
    element("span", { class: "muted" }, one.whole.ranking),
    ...(one.name === rules.format ? [tag("the event's", { class: "tag good" })] : []),
    button("Remove", () => askForm({ title: `Remove the format ${one.name}`, label: "Remove", isDanger: true, send: () => say({ rule: "no-format", name: one.name }), onDone: redraw }))));
  const presets = rules.presets.map((one) => element("li", {},
    element("a", { class: "grow", href: presetHref(one.name) }, nameElement(one.name)),
    element("span", { class: "muted" }, one.source)));
  return element("section", { class: "card" }, element("h2", {}, "Formats of this event"), list(own, "None of its own yet. Take one of the known formats below, and change what your rules say otherwise."),
    element("h3", {}, "Known formats"), list(presets, ""));
}

function classesCard(rules, redraw) {
  const rows = rules.classes.map((one) => element("tr", {},
    element("td", {}, nameElement(one.name), " ", element("span", { class: "muted" }, one.race_class)),
    element("td", { class: "hide-small" }, one.format || "the event's", ...(one.is_outside_awards ? [" ", tag("outside the awards")] : [])),
    element("td", { class: "number" }, buttons(
      button("Change", () => askClass(rules, one, redraw)),
      button("Remove", () => askForm({ title: `Remove the class ${one.name}`, label: "Remove", isDanger: true, send: () => say({ rule: "class", race_class: one.race_class, is_gone: true }), onDone: redraw }))))));
  const shown = rows.length ? table([{ label: "Class" }, { label: "Format", class: "hide-small" }, { label: "" }], rows) : element("p", { class: "empty" }, "One board for all.");
  return card("Classes", shown, buttons(button("Add a class", () => askClass(rules, null, redraw), { class: "main" })));
}

function askClass(rules, known, redraw) {
  const fields = [
    ...(known ? [] : [{ name: "race_class", label: "Short name", hint: "As it stands in lists of entries, such as kids; no blank." , maxlength: 40 }]),
    { name: "name", label: "Name", hint: "What people read.", value: known?.name, required: false },
    { name: "format", label: "Format", options: formatOptions(rules, "The event's"), value: known?.format },
    { name: "is_outside_awards", label: "Outside the awards", hint: "Listed by result, without a rank.", type: "checkbox", value: known?.is_outside_awards },
  ];
  askForm({ title: known ? `Change the class ${known.name}` : "Add a class", fields, send: (values) => say({ rule: "class", race_class: known?.race_class, ...values }), onDone: redraw });
}

function stagesCard(rules, redraw) {
  const rows = rules.stages.map((one) => element("tr", {},
    element("td", {}, nameElement(one.name), " ", element("span", { class: "muted" }, one.kind)),
    element("td", { class: "hide-small" }, [one.race_class && `class ${one.race_class}`, one.track && `track ${one.track}`, one.format].filter(Boolean).join(", ") || "all"),
    element("td", { class: "number" }, buttons(
      button("Change", () => askStage(rules, one, redraw)),
      button("Remove", () => askForm({ title: `Remove the stage ${one.name}`, note: "Runs that were driven in it stay.", label: "Remove", isDanger: true, send: () => say({ rule: "stage", stage_id: one.stage_id, stage: stageTable(one), is_gone: true }), onDone: redraw }))))));
  const shown = rows.length ? table([{ label: "Stage" }, { label: "Who and where", class: "hide-small" }, { label: "" }], rows) : element("p", { class: "empty" }, "Runs only, no heats and no finals.");
  return card("Stages", shown, buttons(button("Add a stage", () => askStage(rules, null, redraw), { class: "main" })));
}

const stageTable = (one) => ({ kind: one.kind, name: one.name, race_class: one.race_class ?? "", track: one.track ?? "", format: one.format ?? "", ...one.settings });

function askStage(rules, known, redraw) {
  const now = known ? stageTable(known) : {};
  const fields = [
    ...(known ? [] : [{ name: "stage_id", label: "Short name", hint: "Such as finals; no blank.", maxlength: 40 }]),
    { name: "name", label: "Name", value: now.name, required: false },
    { name: "kind", label: "Kind", options: KINDS, value: now.kind },
    { name: "race_class", label: "Class", options: [["", "All"], ...rules.classes.map((one) => [one.race_class, one.name])], value: now.race_class },
    { name: "track", label: "Track", hint: "Empty for any.", value: now.track, required: false },
    { name: "format", label: "Format", options: formatOptions(rules, "The class's or the event's"), value: now.format },
    { name: "count", label: "Drivers who go on from the qualifying", type: "number", value: now.count ?? 8 },
    { name: "heat_size", label: "Drivers in a heat", type: "number", value: now.heat_size ?? 4 },
    { name: "advance", label: "How many of each heat go on", type: "number", value: now.advance ?? 2 },
    { name: "has_small_final", label: "A heat for the third place", type: "checkbox", value: now.has_small_final ?? true },
  ];
  askForm({
    title: known ? `Change the stage ${known.name}` : "Add a stage",
    note: "Drivers are drawn, and heats armed, at the touchscreen.",
    fields,
    send: ({ stage_id, ...stage }) => say({ rule: "stage", stage_id: known?.stage_id ?? stage_id, stage: { ...now, ...stage } }),
    onDone: redraw,
  });
}

function tracksCard(rules) {
  const rows = rules.tracks.map((one) => element("tr", {}, element("td", {}, one.track), element("td", {}, one.units.join(", ")), element("td", { class: "number" }, String(one.runs))));
  const shown = rows.length ? table([{ label: "Track" }, { label: "Timed by" }, { label: "Runs", class: "number" }], rows) : element("p", { class: "empty" }, "No run was started yet.");
  return card("Tracks", element("p", { class: "muted" }, "A unit names its track in its own file; a timekeeper types it."), shown);
}
