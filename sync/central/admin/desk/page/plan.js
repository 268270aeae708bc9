// The plan of the day: lines with a time, a title, and as one likes a track and a stage.

import { ask } from "./api.js";
import { element } from "./elements.js";
import { fieldInput, tellSentence } from "./form_dialog.js";
import { forgetTrouble, tellTrouble } from "./meanwhile.js";
import { button, buttons, card, whenText } from "./pieces.js";
import { sayRule } from "./rules.js";
import { say } from "./say.js";

export async function planPage(redraw) {
  const rules = await ask("/v1/admin/rules");
  const lines = element("ol", { class: "list" });
  const add = (item) => lines.append(lineOf(item, rules));
  rules.schedule.forEach(add);
  if (!rules.schedule.length) add({});
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = button(say("desk.save-the-plan"), () => save(), { class: "main" });
  let seen = { items: rules.schedule };
  const save = async () => {
    forgetTrouble(trouble);
    const items = [...lines.children].map(itemOf).filter((one) => one.title);
    try {
      if (items.some((one) => Number.isNaN(one.starts_utc_ms))) throw new Error(say("desk.give-each-line-its-time"));
      tellSentence(await sayRule({ rule: "schedule", items }, seen));
      redraw();
    } catch (error) {
      seen = tellTrouble(error, trouble, go, { seen, fields: [{ name: "items", label: say("desk.plan-of-the-day"), text: planText }], typed: { items } });
    }
  };
  const made = card(say("desk.plan-of-the-day"), element("p", { class: "muted" }, say("desk.displays-show-it-and-nothing-starts-by")), lines, trouble, buttons(button(say("desk.add-a-line"), () => add({})), go));
  return { parts: [made] };
}

const planText = (items) => items.map((one) => [whenText(one.starts_utc_ms), one.title, one.track].filter(Boolean).join(" ")).join(", ") || say("desk.none");

function lineOf(item, rules) {
  const part = (label, field) => element("label", { class: field.name }, label, fieldInput({ required: false, ...field }));
  const line = element("li", { class: "line" },
    part(say("desk.time"), { name: "starts", type: "datetime-local", value: localText(item.starts_utc_ms) }),
    part(say("desk.title"), { name: "title", value: item.title }),
    part(say("desk.track"), { name: "track", value: item.track }),
    part(say("desk.stage"), { name: "stage", options: [["", say("desk.none")], ...rules.stages.map((one) => [one.stage_id, one.name])], value: item.stage_id ?? "" }),
    button(say("desk.remove"), () => line.remove()));
  return line;
}

function itemOf(line) {
  const [starts, title, track, stage] = [...line.querySelectorAll("input, select")].map((one) => one.value);
  return { starts_utc_ms: new Date(starts).getTime(), title: title.trim(), track: track.trim(), stage_id: stage };
}

// As an input of this kind wants it: the browser's own time, to the minute.
function localText(utcMs) {
  if (utcMs == null) return "";
  const at = new Date(utcMs);
  return new Date(utcMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
