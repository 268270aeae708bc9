// Officials: who may sign in at the touchscreens, by six digits.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, card, list } from "./pieces.js";
import { say } from "./say.js";

const PIN = { type: "password", mode: "numeric", maxlength: 6 };

export async function officialsPage(redraw) {
  const { names } = await ask("/v1/admin/officials");
  const items = names.map((name) => element("li", {},
    element("span", { class: "grow" }, nameElement(name)),
    button(say("desk.another-pin"), () => askForm({ title: say("desk.another-pin-for-name", { name }), fields: pinFields(), send: (values) => appoint({ name, ...values }), onDone: redraw })),
    button(say("desk.dismiss"), () => askForm({ title: say("desk.dismiss-name", { name }), note: say("desk.may-no-longer-sign-in-what-was"), label: say("desk.dismiss"), isDanger: true, send: async () => (await post("/v1/admin/officials/dismiss", { name })).sentence, onDone: redraw }), { class: "danger" })));
  const appointing = formCard(say("desk.appoint-an-official"), [{ name: "name", label: say("desk.name") }, ...pinFields()], say("desk.appoint"), async (values) => {
    const sentence = await appoint(values);
    redraw();
    return sentence;
  }, { note: say("desk.from-the-first-one-on-every-touchscreen") });
  return { isWide: true, parts: [card(say("desk.officials"), list(items, say("desk.nobody-is-appointed-the-touchscreens-ask-for"))), appointing] };
}

const pinFields = () => [
  { name: "pin", label: say("desk.six-digits"), ...PIN },
  { name: "again", label: say("desk.the-same-again"), ...PIN },
];

async function appoint({ name, pin, again }) {
  if (pin !== again) throw new Error(say("desk.the-two-pins-are-not-the-same"));
  return (await post("/v1/desk/officials", { name, pin })).sentence;
}
