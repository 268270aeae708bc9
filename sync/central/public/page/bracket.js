// A stage: its rounds with the heats, who drives in each, and who came where. It is asked for while somebody looks.

import { element, nameElement } from "./elements.js";
import { amountText, signed } from "./result_text.js";
import { say } from "./say.js";
import { calculatedWords } from "./track_card.js";

const NAME = /^([rwxyh])(\d+)(?:-(\d+))?$/;
const SIDES = { r: "touch.heat-round", w: "touch.heat-winners", x: "touch.heat-second-chance", y: "touch.heat-second-chance" };
const PHASES = { waits: "touch.heat-phase-waits", ready: "touch.heat-phase-ready", driven: "touch.heat-phase-driven", tie: "touch.heat-phase-tie", bye: "touch.heat-phase-bye" };
const PODIUM_COUNT = 3;

export function isStage(answer) {
  return typeof answer?.stage_id === "string" && Array.isArray(answer.heats) && answer.heats.every((heat) => Array.isArray(heat.slots));
}

export function drawStage(place, stage, resolutionNs) {
  const rounds = new Map();
  for (const heat of stage.heats) rounds.set(heat.round, [...(rounds.get(heat.round) ?? []), heat]);
  const parts = [...rounds].sort(([one], [other]) => one - other).map(([number, heats]) => roundOf(number, heats, resolutionNs));
  const podium = stage.podium.slice(0, PODIUM_COUNT).filter(Boolean);
  if (podium.length) parts.unshift(podiumOf(podium));
  if (!stage.heats.length) parts.push(element("p", { class: "empty" }, say("page.not-drawn")));
  place.replaceChildren(...parts);
}

function podiumOf(names) {
  const list = element("ol", { class: "podium", "aria-label": say("page.podium") });
  for (const [index, name] of names.entries()) list.append(element("li", {}, element("span", { class: "rank" }, String(index + 1)), " ", nameElement(name)));
  return list;
}

function roundOf(number, heats, resolutionNs) {
  const list = element("ul", { class: "heats" }, ...heats.map((heat) => heatOf(heat, resolutionNs)));
  return element("section", { class: "round" }, element("h3", {}, say("page.round", { number })), list);
}

function heatOf(heat, resolutionNs) {
  const phase = element("span", { class: "phase", "data-phase": heat.phase }, PHASES[heat.phase] ? say(PHASES[heat.phase]) : heat.phase);
  const slots = element("ol", {}, ...heat.slots.map((slot) => slotOf(slot, resolutionNs)));
  if (!heat.slots.length) slots.append(element("li", { class: "open" }, "…"));
  return element("li", { class: "heat", "data-phase": heat.phase }, element("p", { class: "heat-head" }, element("strong", {}, heatTitle(heat.heat)), " ", phase), slots);
}

function slotOf(slot, resolutionNs) {
  const first = slot.columns[0];
  const told = !first || first[2] == null ? "" : signed(slot, amountText(first, resolutionNs));
  const made = told ? calculatedWords(slot.calculated) : "";
  const link = element("a", { class: "slot", href: "#/competitors/" + encodeURIComponent(slot.competitor_id) });
  link.append(element("span", { class: "rank" }, slot.rank == null ? "" : String(slot.rank)), " ", nameElement(slot.name), " ", element("span", { class: "time" }, told));
  if (made) link.append(" ", element("small", { class: "sure" }, made));
  return element("li", { class: slot.rank === 1 ? "won" : "" }, link);
}

// What people call the heat; "A main" is said so everywhere.
function heatTitle(heat) {
  if (heat === "final") return say("touch.heat-final");
  if (heat === "small-final") return say("touch.heat-small-final");
  const [, letter, first, second] = NAME.exec(heat) ?? [];
  if (!letter) return heat;
  return letter === "h" ? say("touch.heat-number", { number: first }) : say(SIDES[letter], { round: first, number: second ?? "1" });
}
