// What is raced: the event's format, its own formats, classes, stages and tracks.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, formatName, list, table, tag } from "./pieces.js";
import { knows, say } from "./say.js";

const KINDS = [["heats", say("desk.heats-by-lane-each-driver-once-on")], ["knockout", say("desk.knock-out-pairs")], ["double-elimination", say("desk.double-elimination-out-after-two-losses")], ["heat-knockout", say("desk.heats-the-first-of-each-go-on")], ["ladder", say("desk.ladder-of-mains-the-first-of-each")]];

export const sayRule = async (rule, seen) => (await post("/v1/admin/rules", { ...rule, seen })).sentence;
const KIND_NAMES = new Map(KINDS);
export const rankingSays = (rules, ranking) => (knows(`desk.ranking-${ranking}`) ? say(`desk.ranking-${ranking}`) : rules.rankings[ranking] ?? ranking);
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
  return [["", first], ...own.map((name) => [name, formatName(name)]), ...others.map((name) => [name, say("desk.name-preset", { name: formatName(name) })])];
}

function eventCard(rules, redraw) {
  return formCard(say("desk.the-event-is-raced-by"), [{ name: "format", label: say("desk.format"), options: formatOptions(rules, say("desk.the-usual-rules-best-lap")), value: rules.format }], say("desk.use-it"), async ({ format }, seen) => {
    const sentence = await sayRule({ rule: "event", format }, seen);
    redraw();
    return sentence;
  }, { note: say("desk.every-board-is-ranked-anew-at-once"), seen: { format: rules.format } });
}

function formatsCard(rules, redraw) {
  const own = rules.formats.map((one) => element("li", {},
    element("a", { class: "grow", href: formatHref(one.name) }, nameElement(formatName(one.name))),
    element("span", { class: "muted" }, rankingSays(rules, one.whole.ranking)),
    ...(one.name === rules.format ? [tag(say("desk.the-event-s"), { class: "tag good" })] : []),
    button(say("desk.remove"), () => askForm({ title: say("desk.remove-the-format-name", { name: formatName(one.name) }), label: say("desk.remove"), isDanger: true, seen: one.whole, send: (_, seen) => sayRule({ rule: "no-format", name: one.name }, seen), onDone: redraw }))));
  const presets = rules.presets.map((one) => element("li", {},
    element("a", { class: "grow", href: presetHref(one.name) }, nameElement(formatName(one.name))),
    element("span", { class: "muted" }, one.source)));
  return element("section", { class: "card" }, element("h2", {}, say("desk.formats-of-this-event")), list(own, say("desk.none-of-its-own-yet-take-one")),
    element("h3", {}, say("desk.known-formats")), list(presets, ""));
}

function classesCard(rules, redraw) {
  const rows = rules.classes.map((one) => element("tr", {},
    element("td", {}, nameElement(one.name), " ", element("span", { class: "muted" }, one.race_class)),
    element("td", { class: "hide-small" }, formatName(one.format) || say("desk.the-event-s"), ...(one.is_outside_awards ? [" ", tag(say("desk.outside-the-awards"))] : [])),
    element("td", { class: "number" }, buttons(
      button(say("desk.change"), () => askClass(rules, one, redraw)),
      button(say("desk.remove"), () => askForm({ title: say("desk.remove-the-class-name", { name: one.name }), label: say("desk.remove"), isDanger: true, seen: classSeen(one), send: (_, seen) => sayRule({ rule: "class", race_class: one.race_class, is_gone: true }, seen), onDone: redraw }))))));
  const shown = rows.length ? table([{ label: say("desk.class") }, { label: say("desk.format"), class: "hide-small" }, { label: "" }], rows, true) : element("p", { class: "empty" }, say("desk.one-board-for-all"));
  return card(say("desk.classes"), shown, buttons(button(say("desk.add-a-class"), () => askClass(rules, null, redraw), { class: "main" })));
}

// What a form was read from; one for a new thing was read from there being none.
const classSeen = (known) => (known ? { name: known.name, format: known.format ?? "", is_outside_awards: known.is_outside_awards ?? false } : { race_class: null });
const stageSeen = (known) => (known ? stageTable(known) : { stage_id: null });

function askClass(rules, known, redraw) {
  const fields = [
    ...(known ? [] : [{ name: "race_class", label: say("desk.short-name"), hint: say("desk.as-it-stands-in-lists-of-entries") , maxlength: 40 }]),
    { name: "name", label: say("desk.name"), hint: say("desk.what-people-read-2"), value: known?.name, required: false },
    { name: "format", label: say("desk.format"), options: formatOptions(rules, say("desk.the-event-s-2")), value: known?.format },
    { name: "is_outside_awards", label: say("desk.outside-the-awards-2"), hint: say("desk.listed-by-result-without-a-rank"), type: "checkbox", value: known?.is_outside_awards },
  ];
  askForm({ title: known ? say("desk.change-the-class-name", { name: known.name }) : say("desk.add-a-class"), fields, seen: classSeen(known), send: (values, seen) => sayRule({ rule: "class", race_class: known?.race_class, ...values }, seen), onDone: redraw });
}

function stagesCard(rules, redraw) {
  const rows = rules.stages.map((one) => element("tr", {},
    element("td", {}, nameElement(one.name), " ", element("span", { class: "muted" }, KIND_NAMES.get(one.kind) ?? one.kind)),
    element("td", { class: "hide-small" }, [one.race_class && say("desk.class-name", { name: one.race_class }), one.track && say("desk.track-track", { track: one.track }), formatName(one.format)].filter(Boolean).join(", ") || say("desk.all")),
    element("td", { class: "number" }, buttons(
      button(say("desk.change"), () => askStage(rules, one, redraw)),
      button(say("desk.remove"), () => askForm({ title: say("desk.remove-the-stage-name", { name: one.name }), note: say("desk.runs-that-were-driven-in-it-stay"), label: say("desk.remove"), isDanger: true, seen: stageSeen(one), send: (_, seen) => sayRule({ rule: "stage", stage_id: one.stage_id, stage: stageTable(one), is_gone: true }, seen), onDone: redraw }))))));
  const shown = rows.length ? table([{ label: say("desk.stage") }, { label: say("desk.who-and-where"), class: "hide-small" }, { label: "" }], rows, true) : element("p", { class: "empty" }, say("desk.runs-only-no-heats-and-no-finals"));
  return card(say("desk.stages"), shown, buttons(button(say("desk.add-a-stage"), () => askStage(rules, null, redraw), { class: "main" })));
}

const stageTable = (one) => ({ kind: one.kind, name: one.name, race_class: one.race_class ?? "", track: one.track ?? "", format: one.format ?? "", ...one.settings });

function askStage(rules, known, redraw) {
  const now = known ? stageTable(known) : {};
  const fields = [
    ...(known ? [] : [{ name: "stage_id", label: say("desk.short-name"), hint: say("desk.such-as-finals-no-blank"), maxlength: 40 }]),
    { name: "name", label: say("desk.name"), value: now.name, required: false },
    { name: "kind", label: say("desk.kind"), options: KINDS, value: now.kind },
    { name: "race_class", label: say("desk.class"), options: [["", say("desk.all")], ...rules.classes.map((one) => [one.race_class, one.name])], value: now.race_class },
    { name: "track", label: say("desk.track"), hint: say("desk.empty-for-any"), value: now.track, required: false },
    { name: "format", label: say("desk.format"), options: formatOptions(rules, say("desk.the-class-s-or-the-event-s")), value: now.format },
    { name: "count", label: say("desk.drivers-who-go-on-from-the-qualifying"), type: "number", value: now.count ?? 8 },
    { name: "heat_size", label: say("desk.drivers-in-a-heat"), type: "number", value: now.heat_size ?? 4 },
    { name: "advance", label: say("desk.how-many-of-each-heat-go-on"), type: "number", value: now.advance ?? 2 },
    { name: "has_small_final", label: say("desk.a-heat-for-the-third-place"), type: "checkbox", value: now.has_small_final ?? true },
  ];
  askForm({
    title: known ? say("desk.change-the-stage-name", { name: known.name }) : say("desk.add-a-stage"),
    note: say("desk.drivers-are-drawn-and-heats-armed-at"),
    fields,
    seen: stageSeen(known),
    send: ({ stage_id, ...stage }, seen) => sayRule({ rule: "stage", stage_id: known?.stage_id ?? stage_id, stage: { ...now, ...stage } }, seen),
    onDone: redraw,
  });
}

function tracksCard(rules) {
  const rows = rules.tracks.map((one) => element("tr", {}, element("td", {}, one.track), element("td", {}, one.units.join(", ")), element("td", { class: "number" }, String(one.runs))));
  const shown = rows.length ? table([{ label: say("desk.track") }, { label: say("desk.timed-by") }, { label: say("desk.runs"), class: "number" }], rows) : element("p", { class: "empty" }, say("desk.no-run-was-started-yet"));
  return card(say("desk.tracks"), element("p", { class: "muted" }, say("desk.a-unit-names-its-track-in-its")), shown);
}
