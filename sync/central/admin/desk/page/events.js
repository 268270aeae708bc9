// The event itself: is it over, its sealed archive, what comes next, and what was before.

import { ask, post, postForFile } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, facts, list, tag } from "./pieces.js";

export async function eventsPage(redraw) {
  const seen = await ask("/v1/desk/events");
  return { isWide: true, parts: [nowCard(seen, redraw), element("div", { class: "column" }, plannedCard(seen, redraw), planCard(redraw)), formerCard(seen)] };
}

function nowCard(seen, redraw) {
  const state = seen.is_closed ? tag("over", { class: "tag warn" }) : tag("open", { class: "tag good" });
  const change = seen.is_closed
    ? button("Open it again", () => askChange(seen, false, redraw))
    : button("Call it over", () => askChange(seen, true, redraw), { class: "main" });
  const seal = button("Sealed archive", () => sealed(seen, seal, trouble));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const made = card("This event ", facts([["Name", nameElement(seen.name)], ["Records", String(seen.records)], ["Competitors", String(seen.competitors)], ["On the board", String(seen.entries)], ["Runs not decided", String(seen.undecided)], ["Key", element("span", { class: "secret" }, seen.key.slice(0, 16) + "…")]]), buttons(change, ...(seen.can_seal ? [seal] : [])), trouble,
    element("p", { class: "muted" }, seen.can_seal ? "The archive holds journal, results and laps, no contacts and no keys; 'pitboard verify' proves years later that nothing in it was changed." : "A journal in a database is copied to a file first: 'pitboard central … migrate'."));
  made.firstChild.append(state);
  return made;
}

function askChange(seen, is_closed, redraw) {
  askForm({
    title: is_closed ? `Call ${seen.name} over` : `Open ${seen.name} again`,
    note: is_closed ? "Phones say that the results are final, and nobody joins the queue by phone. No unit is stopped, and it can be opened again." : "Phones do not say any more that the results are final.",
    fields: [{ name: "reason", label: "Reason", hint: "Kept for ever. Name nobody in it.", maxlength: 400 }],
    label: is_closed ? "Call it over" : "Open it again",
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
    button("Change", () => askForm({ title: "Another name or day", fields: planFields(one), send: async (values) => (await post("/v1/desk/events/plan", { ...values, event_id: one.event_id })).sentence, onDone: redraw })),
    button("Remove", () => askForm({ title: `${one.name} is not held`, label: "Remove", isDanger: true, send: async () => (await post("/v1/desk/events/unplan", { event_id: one.event_id })).sentence, onDone: redraw }), { class: "danger" })));
  return card("To come", list(items, "Nothing is planned."), element("p", { class: "muted" }, "Phones name the first of them once this event is over. To begin it: write its name into central.toml, then 'pitboard central … next-event' on central's machine; units, officials, rules and names go on into it."));
}

const planFields = (one) => [
  { name: "name", label: "Name", value: one?.name },
  { name: "day", label: "Day", type: "date", value: one?.day },
];

function planCard(redraw) {
  return formCard("Plan an event", planFields(), "Plan it", async (values) => {
    const { sentence } = await post("/v1/desk/events/plan", values);
    redraw();
    return sentence;
  });
}

function formerCard(seen) {
  const items = seen.former.map((one) => element("li", {},
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, `key ${one.key.slice(0, 16)}…`)),
    element("span", { class: "muted grow" }, one.folder ? `${one.folder}, ${(one.bytes / 1e6).toFixed(1)} MB` : "its files are not kept here any more")));
  const made = card("Before", list(items, "This is the first event of this central."));
  if (items.length) made.append(element("p", { class: "muted" }, "To correct something there, start central with the files in its folder, its root key among them."));
  made.classList.add("whole");
  return made;
}
