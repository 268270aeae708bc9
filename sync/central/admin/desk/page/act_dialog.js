// The dialog that every act goes through: what is asked, a reason, what it changed, and the way back.

import { act } from "./api.js";
import { byId, element, nameElement } from "./elements.js";
import { button, buttons, resultOf } from "./pieces.js";
import { say } from "./say.js";

// fields: [{ name, label, hint, type, value, options, required }]; makeAct(values) returns the act without its reason.
export function askAct({ title, note = "", fields = [], makeAct, undo = null, isDanger = false, mustType = "", onDone }) {
  const trouble = element("p", { class: "trouble", role: "alert" });
  const inputs = new Map(fields.map((one) => [one.name, inputOf(one)]));
  const reason = element("input", { required: "", maxlength: "400", dir: "auto", autocomplete: "off" });
  const typed = mustType ? element("input", { autocomplete: "off", dir: "auto" }) : null;
  const go = element("button", { class: isDanger ? "danger" : "main", type: "submit" }, say("desk.do-it"));
  const form = element("form", { method: "dialog" },
    element("h2", {}, title),
    ...(note ? [element("p", { class: "muted" }, note)] : []),
    ...fields.map((one) => element("label", {}, one.label, ...(one.hint ? [element("small", {}, one.hint)] : []), inputs.get(one.name))),
    element("label", {}, say("desk.reason"), element("small", {}, say("desk.kept-for-ever-with-the-act-name")), reason),
    ...(typed ? [element("label", {}, say("desk.type-the-name-to-go-on"), nameElement(mustType), typed)] : []),
    trouble,
  );
  const dialog = element("dialog", {}, form);
  form.append(buttons(go, button(say("desk.cancel"), () => dialog.close())));
  const actId = randomId();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (typed && typed.value.trim() !== mustType.trim()) {
      trouble.textContent = say("desk.that-is-not-the-name-nothing-was");
      return;
    }
    go.disabled = true;
    const values = Object.fromEntries([...inputs].map(([name, input]) => [name, input.value]));
    try {
      const wanted = { ...makeAct(values), reason: reason.value };
      const done = await act({ ...wanted, act_id: actId });
      dialog.close();
      tell(done, undo === null ? null : () => askUndo(wanted, undo, onDone));
      onDone();
    } catch (error) {
      trouble.textContent = error.message;
      go.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (inputs.values().next().value ?? reason).focus();
}

function askUndo(wanted, title, onDone) {
  askAct({ title, makeAct: () => ({ ...wanted, undo: true }), onDone });
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

function inputOf(field) {
  if (field.options) {
    const options = field.options.map(([value, label]) => element("option", { value }, label));
    const select = element("select", {}, ...options);
    select.value = field.value ?? field.options[0][0];
    return select;
  }
  const input = element("input", { type: field.type ?? "text", autocomplete: "off", dir: "auto", ...(field.required === false ? {} : { required: "" }) });
  if (field.mode) input.setAttribute("inputmode", field.mode);
  input.value = field.value ?? "";
  return input;
}

// What was done and what it changed, with the way back beside it.
function tell(done, undo) {
  const told = byId("told");
  const { change } = done;
  const line = (entry) => (entry == null ? say("desk.not-on-the-board") : entry.is_disqualified ? say("desk.disqualified") : say("desk.rank-rank-with-result", { rank: entry.rank ?? "–", result: resultOf(entry.best_ns, entry.calculated, change) }));
  const before = line(change.before);
  const after = line(change.after);
  const effect = before === after ? say("desk.the-board-is-as-before") : say("desk.on-the-board-before-after", { before, after });
  const moved = change.moved_count ? say("desk.moved-others-moved", { moved: change.moved_count }) : "";
  const close = button(say("desk.close"), () => told.replaceChildren());
  told.replaceChildren(element("p", {}, `${done.sentence} ${effect}${moved}`), buttons(...(undo ? [button(say("desk.undo"), undo)] : []), close));
}

export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");
}
