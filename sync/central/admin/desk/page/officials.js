// Officials: who may sign in at the touchscreens, by six digits.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, card, list } from "./pieces.js";

const PIN = { type: "password", mode: "numeric", maxlength: 6 };

export async function officialsPage(redraw) {
  const { names } = await ask("/v1/admin/officials");
  const items = names.map((name) => element("li", {},
    element("span", { class: "grow" }, nameElement(name)),
    button("Another PIN", () => askForm({ title: `Another PIN for ${name}`, fields: pinFields(), send: (values) => appoint({ name, ...values }), onDone: redraw })),
    button("Dismiss", () => askForm({ title: `Dismiss ${name}`, note: "May no longer sign in; what was done stands.", label: "Dismiss", isDanger: true, send: async () => (await post("/v1/admin/officials/dismiss", { name })).sentence, onDone: redraw }), { class: "danger" })));
  const appointing = formCard("Appoint an official", [{ name: "name", label: "Name" }, ...pinFields()], "Appoint", async (values) => {
    const sentence = await appoint(values);
    redraw();
    return sentence;
  }, { note: "From the first one on every touchscreen asks who is there." });
  return { isWide: true, parts: [card("Officials", list(items, "Nobody is appointed: the touchscreens ask for no PIN.")), appointing] };
}

const pinFields = () => [
  { name: "pin", label: "Six digits", ...PIN },
  { name: "again", label: "The same again", ...PIN },
];

async function appoint({ name, pin, again }) {
  if (pin !== again) throw new Error("The two PINs are not the same.");
  return (await post("/v1/desk/officials", { name, pin })).sentence;
}
