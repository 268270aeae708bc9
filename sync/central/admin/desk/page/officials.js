// Officials: who may sign in at the touchscreens, by six digits.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, card, list } from "./pieces.js";
import { say } from "./say.js";

const PIN = { type: "password", mode: "numeric", maxlength: 6 };

export async function officialsPage(redraw) {
  const { names, pin_utc_ms } = await ask("/v1/admin/officials");
  const seenOf = (name) => ({ pin_utc_ms: pin_utc_ms[names.indexOf(name)] ?? null });
  const items = names.map((name) => element("li", {},
    element("span", { class: "grow" }, nameElement(name)),
    button(say("desk.another-pin"), () => askForm({ title: say("desk.another-pin-for-name", { name }), fields: pinFields(), seen: seenOf(name), send: (values, seen) => appoint({ name, ...values }, seen), onDone: redraw })),
    button(say("desk.dismiss"), () => askForm({ title: say("desk.dismiss-name", { name }), note: say("desk.may-no-longer-sign-in-what-was"), label: say("desk.dismiss"), isDanger: true, seen: seenOf(name), send: async (_, seen) => (await post("/v1/admin/officials/dismiss", { name, seen })).sentence, onDone: redraw }), { class: "danger" })));
  const appointing = formCard(say("desk.appoint-an-official"), [{ name: "name", label: say("desk.name") }, ...pinFields()], say("desk.appoint"), async (values, seen) => {
    const sentence = await appoint(values, seen ?? seenOf(values.name.trim()));
    redraw();
    return sentence;
  }, { note: say("desk.from-the-first-one-on-every-touchscreen") });
  return { isWide: true, parts: [card(say("desk.officials"), list(items, say("desk.nobody-is-appointed-the-touchscreens-ask-for"))), appointing] };
}

const pinFields = () => [
  { name: "pin", label: say("desk.six-digits"), ...PIN },
  { name: "again", label: say("desk.the-same-again"), ...PIN },
];

async function appoint({ name, pin, again }, seen) {
  if (pin !== again) throw new Error(say("desk.the-two-pins-are-not-the-same"));
  return (await post("/v1/desk/officials", { name, pin, seen })).sentence;
}
