// The event itself: is it over, its sealed archive, what comes next, and what was before.

import { ask, post, postForFile } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, facts, list, tag } from "./pieces.js";
import { say } from "./say.js";

export async function eventsPage(redraw) {
  const seen = await ask("/v1/desk/events");
  return { isWide: true, parts: [nowCard(seen, redraw), element("div", { class: "column" }, plannedCard(seen, redraw), planCard(redraw)), formerCard(seen)] };
}

function nowCard(seen, redraw) {
  const state = seen.is_closed ? tag(say("desk.over"), { class: "tag warn" }) : tag(say("desk.open-2"), { class: "tag good" });
  const change = seen.is_closed
    ? button(say("desk.open-it-again"), () => askChange(seen, false, redraw))
    : button(say("desk.call-it-over"), () => askChange(seen, true, redraw), { class: "main" });
  const seal = button(say("desk.sealed-archive"), () => sealed(seen, seal, trouble));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const made = card(say("desk.this-event"), facts([[say("desk.name"), nameElement(seen.name)], [say("desk.records"), String(seen.records)], [say("desk.competitors"), String(seen.competitors)], [say("desk.on-the-board"), String(seen.entries)], [say("desk.runs-not-decided"), String(seen.undecided)], [say("desk.event-key"), element("span", { class: "secret" }, seen.key.slice(0, 16) + "…")]]), buttons(change, ...(seen.can_seal ? [seal] : [])), trouble,
    element("p", { class: "muted" }, seen.can_seal ? say("desk.the-archive-holds-journal-results-and-laps") : say("desk.a-journal-in-a-database-is-copied")));
  made.firstChild.append(state);
  return made;
}

function askChange(seen, is_closed, redraw) {
  askForm({
    title: is_closed ? say("desk.call-name-over", { name: seen.name }) : say("desk.open-name-again", { name: seen.name }),
    note: is_closed ? say("desk.phones-say-that-the-results-are-final") : say("desk.phones-do-not-say-any-more-that"),
    fields: [{ name: "reason", label: say("desk.reason"), hint: say("desk.kept-for-ever-name-nobody-in-it"), maxlength: 400 }],
    label: is_closed ? say("desk.call-it-over") : say("desk.open-it-again"),
    send: async ({ reason }) => (await post("/v1/desk/events/close", { is_closed, reason })).sentence,
    onDone: redraw,
  });
}

async function sealed(seen, seal, trouble) {
  seal.disabled = true;
  trouble.textContent = "";
  try {
    const file = await postForFile("/v1/desk/events/archive", {});
    const link = element("a", { href: URL.createObjectURL(file), download: `${seen.name}.zip` });
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    trouble.textContent = error.message;
  }
  seal.disabled = false;
}

function plannedCard(seen, redraw) {
  const items = seen.planned.map((one) => element("li", {},
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, one.day)),
    button(say("desk.change"), () => askForm({ title: say("desk.another-name-or-day"), fields: planFields(one), seen: { name: one.name, day: one.day }, send: async (values, seen) => (await post("/v1/desk/events/plan", { ...values, event_id: one.event_id, seen })).sentence, onDone: redraw })),
    button(say("desk.remove"), () => askForm({ title: say("desk.name-is-not-held", { name: one.name }), label: say("desk.remove"), isDanger: true, seen: { name: one.name, day: one.day }, send: async (_, seen) => (await post("/v1/desk/events/unplan", { event_id: one.event_id, seen })).sentence, onDone: redraw }), { class: "danger" })));
  return card(say("desk.to-come"), list(items, say("desk.nothing-is-planned")), element("p", { class: "muted" }, say("desk.phones-name-the-first-of-them-once")));
}

const planFields = (one) => [
  { name: "name", label: say("desk.name"), value: one?.name },
  { name: "day", label: say("desk.day"), type: "date", value: one?.day },
];

function planCard(redraw) {
  return formCard(say("desk.plan-an-event"), planFields(), say("desk.plan-it"), async (values) => {
    const { sentence } = await post("/v1/desk/events/plan", values);
    redraw();
    return sentence;
  });
}

function formerCard(seen) {
  const items = seen.former.map((one) => element("li", {},
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, say("desk.key-key", { key: one.key.slice(0, 16) }))),
    element("span", { class: "muted grow" }, one.folder ? `${one.folder}, ${(one.bytes / 1e6).toFixed(1)} MB` : say("desk.its-files-are-not-kept-here-any"))));
  const made = card(say("desk.before"), list(items, say("desk.this-is-the-first-event-of-this")));
  if (items.length) made.append(element("p", { class: "muted" }, say("desk.to-correct-something-there-start-central-with")));
  made.classList.add("whole");
  return made;
}
