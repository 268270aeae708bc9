// Contacts of chosen competitors: opened by the passphrase, each read written down. The winners first.

import { ask, post, postForFile } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm } from "./form_dialog.js";
import { button, buttons, card, empty, list, personLink, table, when, word } from "./pieces.js";
import { language, say } from "./say.js";

const WINNERS_COUNT = 3;

export async function contactsPage() {
  const [known, board, reads] = await Promise.all([ask("/v1/desk/contacts"), ask("/v1/desk/board"), ask("/v1/desk/contacts/reads")]);
  const having = new Set(known.with_contact);
  const chosen = new Map();
  const rows = board.entries.filter((one) => !one.is_disqualified && having.has(one.competitor_id)).map((one) => {
    const box = element("input", { type: "checkbox", "aria-label": say("desk.choose-name", { name: one.name }) });
    box.checked = one.rank !== null && one.rank <= WINNERS_COUNT;
    chosen.set(one.competitor_id, box);
    return element("tr", {}, element("td", {}, box), element("td", { class: "number" }, String(one.rank ?? "–")), element("td", {}, personLink(one.competitor_id, one.name)));
  });
  const opened = element("div", { "aria-live": "polite" });
  const ids = () => [...chosen].filter(([, box]) => box.checked).map(([id]) => id);
  const readers = card(say("desk.who-read-contacts"), readsList(reads));
  const showReads = async () => readers.lastChild.replaceWith(readsList(await ask("/v1/desk/contacts/reads")));
  const open = (as_csv) => askOpen(ids(), as_csv, opened, showReads);
  const choosing = element("section", { class: "card" }, element("h2", {}, say("desk.call-the-winners")),
    element("p", { class: "muted" }, known.has_key ? say(rows.length ? "desk.rows-on-the-board-have-left-a" : "desk.no-contact-yet", { rows: rows.length }) : say("desk.there-is-no-contact-key-pitboard-central")),
    ...(rows.length ? [element("div", { class: "tall" }, table([{ label: "" }, { label: say("desk.rank"), class: "number" }, { label: say("desk.name") }], rows))] : []),
    ...(rows.length ? [buttons(button(say("desk.open-them"), () => open(false), { class: "main" }), button(say("desk.file-for-a-mail-merge"), () => open(true)))] : []), opened);
  return { isWide: true, event: board.event, parts: [choosing, readers] };
}

function readsList(reads) {
  const said = [...reads.reads].reverse().slice(0, 50).map((one) => element("li", {}, when(one.utc_ms), element("span", { class: "muted" }, one.reader), element("span", { class: "grow", dir: "auto" }, `${word(one.act)}: ${[say("desk.of-competitors", { number: one.competitors.length }), one.reason && say("desk.because", { why: one.reason })].filter(Boolean).join(", ")}`)));
  return list(said, say("desk.nobody"));
}

function askOpen(competitors, as_csv, place, onDone) {
  askForm({
    title: as_csv ? say("desk.file-of-contacts") : say("desk.open-contacts"),
    note: as_csv ? say("desk.delete-the-file-when-you-are-done") : say("desk.central-opens-them-in-a-process-of"),
    label: as_csv ? say("desk.make-the-file") : say("desk.open"),
    fields: [
      { name: "reason", label: say("desk.reason"), hint: say("desk.kept-for-ever-with-the-read-name"), maxlength: 400 },
      { name: "passphrase", label: say("desk.passphrase-of-the-contacts"), type: "password", maxlength: 1000 },
    ],
    send: async (values) => {
      if (!competitors.length) throw new Error(say("desk.choose-at-least-one-competitor"));
      const body = { ...values, competitors, as_csv, language };
      if (as_csv) save(await postForFile("/v1/desk/contacts/open", body));
      else place.replaceChildren(...openedList(await post("/v1/desk/contacts/open", body)));
      return as_csv ? say("desk.the-file-is-made-the-read-is") : say("desk.the-read-is-written-down");
    },
    onDone,
  });
}

const wayTo = (scheme, text) => (text ? [element("a", { href: scheme + text.replaceAll(" ", "") }, text)] : []);

function openedList(answer) {
  const rows = answer.contacts.map((one) => element("tr", {}, element("td", { class: "number" }, one.rank || "–"), element("td", {}, nameElement(one.name)), element("td", { class: "whole" }, ...wayTo("mailto:", one.contact.email)), element("td", { class: "whole" }, ...wayTo("tel:", one.contact.phone))));
  const closed = answer.closed ? [element("p", { class: "trouble" }, say("desk.closed-were-sealed-to-an-earlier-key", { closed: answer.closed }))] : [];
  return [rows.length ? table([{ label: say("desk.rank"), class: "number" }, { label: say("desk.name") }, { label: say("desk.e-mail") }, { label: say("desk.telephone") }], rows) : empty(say("desk.none-could-be-opened")), ...closed];
}

function save(file) {
  const link = element("a", { href: URL.createObjectURL(file), download: "contacts.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}
