// The dialog that every act goes through: what is asked, a reason, what it changed, and the way back.

import { act } from "./api.js";
import { byId, element, nameElement } from "./elements.js";
import { closeButton, inputsOf, labelsOf, openDialog, valuesOf } from "./form_dialog.js";
import { button, buttons, entryResult } from "./pieces.js";
import { say } from "./say.js";

// fields: [{ name, label, hint, type, value, options, required }]; makeAct(values) returns the act without its reason;
// seen: what the page showed of what the act is about, by central's names.
export function askAct({ title, note = "", fields = [], makeAct, undo = null, isDanger = false, mustType = "", seen = null, onDone }) {
  const inputs = inputsOf(fields);
  const reason = element("input", { required: "", maxlength: "400", dir: "auto", autocomplete: "off" });
  const typed = mustType ? element("input", { autocomplete: "off", dir: "auto" }) : null;
  const actId = randomId();
  let wanted = null;
  openDialog({
    title, note, isDanger, fields, seen,
    typed: () => wantedOf(makeAct(valuesOf(inputs))),
    label: say("desk.do-it"),
    parts: [
      ...labelsOf(fields, inputs),
      element("label", {}, say("desk.reason"), element("small", {}, say("desk.kept-for-ever-with-the-act-name")), reason),
      ...(typed ? [element("label", {}, say("desk.type-the-name-to-go-on"), nameElement(mustType), typed)] : []),
    ],
    submit: async (known) => {
      if (typed && typed.value.trim() !== mustType.trim()) throw new Error(say("desk.that-is-not-the-name-nothing-was"));
      wanted = { ...makeAct(valuesOf(inputs)), reason: reason.value };
      return act({ ...wanted, act_id: actId, ...(known ? { seen: known } : {}) });
    },
    done: (told) => {
      tell(told, undo === null ? null : () => askUndo(wanted, undo, seenAfter(told, seen), onDone));
      onDone();
    },
  });
}

function askUndo(wanted, title, seen, onDone) {
  askAct({ title, makeAct: () => ({ ...wanted, undo: true }), seen, onDone });
}

// What an act left, of those fields that its form was read from: an undo is weighed against it.
const seenAfter = ({ now = {} }, seen) => seen && Object.fromEntries(Object.keys(seen).map((field) => [field, now[field] ?? null]));

// What an act would make of the fields that can be compared.
function wantedOf({ act, time, verdict, decision, undo, ...rest }) {
  if (undo) return {};
  if (act === "correct") return { lap_ns: time };
  if (act === "judge") return { verdict };
  if (act === "decide") return { phase: decision };
  return act === "judge-place" || act === "change" ? rest : {};
}

export function takeBack(act, onDone) {
  const isBack = act.is_withdrawn;
  askAct({
    title: isBack ? say("desk.let-it-count-again") : say("desk.take-it-back"),
    note: act.what,
    makeAct: () => ({ act: "withdraw", stream: act.stream, seq: act.seq, undo: isBack }),
    onDone,
  });
}

// What was done and what it changed, with the way back beside it.
function tell(done, undo) {
  const told = byId("told");
  const { change } = done;
  const line = (entry) => (entry == null ? say("desk.not-on-the-board") : entry.is_disqualified ? say("desk.disqualified") : say("desk.rank-rank-with-result", { rank: entry.rank ?? "–", result: entryResult(entry, change) }));
  const before = line(change.before);
  const after = line(change.after);
  const effect = before === after ? say("desk.the-board-is-as-before") : say("desk.on-the-board-before-after", { before, after });
  const moved = change.moved_count ? say("desk.moved-others-moved", { moved: change.moved_count }) : "";
  told.replaceChildren(element("p", {}, `${done.sentence} ${effect}${moved}`), buttons(...(undo ? [button(say("desk.undo"), undo)] : []), closeButton()));
}

export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");
}
