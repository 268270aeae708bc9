// A form in a dialog for what is no act on a result: fields, a way back, and the server's sentence.

import { byId, element } from "./elements.js";
import { forgetTrouble, tellTrouble } from "./meanwhile.js";
import { button, buttons } from "./pieces.js";
import { focusWhereItWas } from "./same_place.js";
import { say } from "./say.js";

// Asks for what stands in `parts`. submit(seen) does it, or throws what stands in the way; done(what it returned) comes
// after. `seen` is what the form was read from, and `typed()` what would be saved instead.
export function openDialog({ title, note = "", parts, label, isDanger = false, fields = [], seen = null, typed = () => ({}), submit, done }) {
  let known = seen;
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = element("button", { class: isDanger ? "danger" : "main", type: "submit" }, label);
  const notes = note ? [element("p", { class: "muted" }, note)] : [];
  const form = element("form", { method: "dialog" }, element("h2", {}, title), ...notes, ...parts, trouble);
  const dialog = element("dialog", {}, form);
  form.append(buttons(go, button(say("desk.cancel"), () => dialog.close())));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      const told = await submit(known);
      dialog.close();
      done(told);
    } catch (error) {
      known = tellTrouble(error, trouble, go, { seen: known, fields, typed: typed() });
      go.disabled = false;
      if (!form.contains(document.activeElement)) go.focus(); // a button that is out of use loses it
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input, select")?.focus();
}

// fields: [{ name, label, hint, type, value, options, required, mode, text }]; send(values, seen) does it and may return
// a sentence. `more` names what central compares and the form has in other fields, `typed` makes it of the values.
export function askForm({ title, note = "", fields = [], label = say("desk.save"), isDanger = false, seen = null, more = [], typed = (values) => values, send, onDone }) {
  const inputs = inputsOf(fields);
  openDialog({
    title, note, label, isDanger, seen,
    fields: [...more, ...fields],
    parts: labelsOf(fields, inputs),
    typed: () => typed(valuesOf(inputs)),
    submit: (known) => send(valuesOf(inputs), known),
    done: (sentence) => {
      if (sentence) tellSentence(sentence);
      onDone();
    },
  });
}

export const inputsOf = (fields) => new Map(fields.map((one) => [one.name, fieldInput(one)]));

export const labelsOf = (fields, inputs) => fields.map((one) => fieldLabel(one, inputs.get(one.name)));

export const valuesOf = (inputs) => Object.fromEntries([...inputs].map(([name, input]) => [name, valueOf(input)]));

export function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  return input.type === "number" ? Number(input.value) : input.value;
}

export function fieldLabel(field, input) {
  const hint = field.hint ? [element("small", {}, field.hint)] : [];
  if (field.type === "checkbox") return element("label", { class: "check" }, input, " ", field.label, ...hint);
  return element("label", {}, field.label, ...hint, input);
}

export function fieldInput(field) {
  if (field.options) {
    const select = element("select", {}, ...field.options.map(([value, label]) => element("option", { value }, label)));
    select.value = field.value ?? field.options[0][0];
    return select;
  }
  const input = element("input", { type: field.type ?? "text", autocomplete: "off", dir: "auto", maxlength: String(field.maxlength ?? 80), ...(field.required === false || field.type === "checkbox" ? {} : { required: "" }) });
  if (field.mode) input.setAttribute("inputmode", field.mode);
  if (field.type === "checkbox") input.checked = Boolean(field.value);
  else input.value = field.value ?? "";
  return input;
}

// What was done, at the foot of the page, until the next thing is done.
export function tellSentence(sentence) {
  const told = byId("told");
  told.replaceChildren(element("p", {}, sentence), buttons(closeButton()));
}

// Whoever closes it goes on where they were.
export const closeButton = () => button(say("desk.close"), () => {
  byId("told").replaceChildren();
  focusWhereItWas(byId("main"));
});

// A form that stands in the page and says what became of it.
export function formCard(title, fields, label, send, { note = "", seen = null } = {}) {
  let known = seen;
  const trouble = element("p", { class: "trouble", role: "alert" });
  const inputs = inputsOf(fields);
  const go = element("button", { class: "main", type: "submit" }, label);
  const form = element("form", { method: "dialog" }, ...labelsOf(fields, inputs), trouble, buttons(go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    forgetTrouble(trouble);
    try {
      const sentence = await send(valuesOf(inputs), known);
      if (sentence) tellSentence(sentence);
    } catch (error) {
      known = tellTrouble(error, trouble, go, { seen: known, fields, typed: valuesOf(inputs) });
    }
    go.disabled = false;
    if (form.isConnected && document.activeElement === document.body) go.focus();
  });
  return element("section", { class: "card" }, element("h2", {}, title), ...(note ? [element("p", { class: "muted" }, note)] : []), form);
}
