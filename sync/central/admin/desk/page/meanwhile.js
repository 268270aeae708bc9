// What somebody else changed while a form stood open, beside what was typed: nothing of either is lost silently.

import { element } from "./elements.js";
import { table, whenText, word } from "./pieces.js";
import { say } from "./say.js";
import { lapText } from "./time_text.js";

// What central compares and no form has under that name.
const LABELS = { lap_ns: say("desk.time"), verdict: say("desk.verdict-on-a-lap"), phase: say("desk.state"), status: say("desk.how-it-ended"), penalty_ns: say("desk.seconds-added"), penalty_laps: say("desk.laps-taken-away"), driver: say("desk.who-drove"), laps: say("desk.laps"), pin_utc_ms: say("desk.pin-of"), is_on: say("desk.light-on"), picture: say("desk.picture"), name: say("desk.name"), race_class: say("desk.class"), stage_id: say("desk.stage") };

// Says at a form what stands in the way. fields: as in a form, with `text` where a value needs its own words;
// typed: what would be saved. Returns what the form is read from by now, to save over it knowingly.
export function tellTrouble(error, trouble, go, { seen = null, fields = [], typed = {} } = {}) {
  forgetTrouble(trouble);
  trouble.textContent = error.message;
  if (!error.changed) return seen;
  const newest = error.changed.reduce((one, other) => (other.utc_ms > one.utc_ms ? other : one));
  trouble.textContent = newest.who
    ? say("desk.changed-by", { who: newest.who, moment: whenText(newest.utc_ms) })
    : say("desk.changed-by-nobody");
  trouble.after(element("div", { class: "meanwhile" }, valuesTable(error.changed, fields, typed)));
  go.textContent = say("desk.save-over-it");
  return { ...seen, ...Object.fromEntries(error.changed.map((one) => [one.field, one.now])) };
}

export function forgetTrouble(trouble) {
  trouble.textContent = "";
  if (trouble.nextElementSibling?.classList.contains("meanwhile")) trouble.nextElementSibling.remove();
}

function valuesTable(changed, fields, typed) {
  const isTyped = changed.some((one) => one.field in typed);
  const heads = [{ label: say("desk.what") }, { label: say("desk.when-you-opened-it") }, { label: say("desk.now") }, ...(isTyped ? [{ label: say("desk.yours") }] : [])];
  const rows = changed.map((one) => {
    const field = fields.find((each) => each.name === one.field) ?? {};
    const cell = (value) => element("td", { dir: "auto" }, valueText(one.field, value, field));
    const yours = isTyped ? [one.field in typed ? cell(typed[one.field]) : element("td", {}, "–")] : [];
    return element("tr", {}, element("th", { scope: "row" }, field.label ?? LABELS[one.field] ?? one.field.replaceAll("_", " ")), cell(one.seen), cell(one.now), ...yours);
  });
  return table(heads, rows);
}

function valueText(name, value, field) {
  if (field.text && value != null) return field.text(value);
  const option = field.options?.find(([each]) => each === value);
  if (option) return option[1];
  if (value == null || value === "" || (Array.isArray(value) && !value.length)) return say("desk.none");
  if (typeof value === "boolean") return value ? say("desk.yes") : say("desk.no");
  if (name === "laps" && Array.isArray(value)) return value.map(([ns, counts]) => (counts ? timeText(ns) : `(${timeText(ns)})`)).join(", ");
  if (name === "driver") return value[1] || say("desk.nobody-2");
  if (name.endsWith("_utc_ms")) return whenText(value);
  if (name.endsWith("_ns") && Number.isInteger(value)) return timeText(value);
  if (["verdict", "phase", "status"].includes(name)) return word(value);
  return Array.isArray(value) ? value.join(" ") : String(value);
}

const timeText = (ns) => lapText(ns, ns % 1_000_000 ? 1_000 : 1_000_000);
