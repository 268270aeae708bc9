// Contacts of chosen competitors: opened by the passphrase, each read written down. The winners first.

import { ask, post, postForFile } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm } from "./form_dialog.js";
import { button, buttons, card, empty, list, personLink, table, when } from "./pieces.js";

const WINNERS_COUNT = 3;

export async function contactsPage(redraw) {
  const [known, board, reads] = await Promise.all([ask("/v1/desk/contacts"), ask("/v1/desk/board"), ask("/v1/desk/contacts/reads")]);
  const having = new Set(known.with_contact);
  const chosen = new Map();
  const rows = board.entries.filter((one) => !one.is_disqualified && having.has(one.competitor_id)).map((one) => {
    const box = element("input", { type: "checkbox", "aria-label": `Choose ${one.name}` });
    box.checked = one.rank !== null && one.rank <= WINNERS_COUNT;
    chosen.set(one.competitor_id, box);
    return element("tr", {}, element("td", {}, box), element("td", { class: "number" }, String(one.rank ?? "–")), element("td", {}, personLink(one.competitor_id, one.name)));
  });
  const opened = element("div", { "aria-live": "polite" });
  const ids = () => [...chosen].filter(([, box]) => box.checked).map(([id]) => id);
  const open = (as_csv) => askOpen(ids(), as_csv, opened, redraw);
  const choosing = element("section", { class: "card" }, element("h2", {}, "Call the winners"),
    element("p", { class: "muted" }, known.has_key ? `${rows.length} on the board have left a contact; the first three are chosen.` : "There is no contact key: 'pitboard central contact-key' makes one, and units ask for contacts from then on."),
    ...(rows.length ? [element("div", { class: "tall" }, table([{ label: "" }, { label: "Rank", class: "number" }, { label: "Name" }], rows))] : []),
    ...(rows.length ? [buttons(button("Open them", () => open(false), { class: "main" }), button("File for a mail merge", () => open(true)))] : []), opened);
  const said = [...reads.reads].reverse().slice(0, 50).map((one) => element("li", {}, when(one.utc_ms), element("span", { class: "muted" }, one.reader), element("span", { class: "grow", dir: "auto" }, `${one.act}: ${one.competitors.length} competitors${one.reason ? ", because: " + one.reason : ""}`)));
  return { isWide: true, event: board.event, parts: [choosing, card("Who read contacts", list(said, "Nobody."))] };
}

function askOpen(competitors, as_csv, place, redraw) {
  askForm({
    title: as_csv ? "File of contacts" : "Open contacts",
    note: as_csv ? "Delete the file when you are done." : "Central opens them in a process of its own and keeps nothing. Leave this page when you are done.",
    label: as_csv ? "Make the file" : "Open",
    fields: [
      { name: "reason", label: "Reason", hint: "Kept for ever with the read. Name nobody in it.", maxlength: 400 },
      { name: "passphrase", label: "Passphrase of the contacts", type: "password", maxlength: 1000 },
    ],
    send: async (values) => {
      if (!competitors.length) throw new Error("Choose at least one competitor.");
      const body = { ...values, competitors, as_csv };
      if (as_csv) save(await postForFile("/v1/desk/contacts/open", body));
      else place.replaceChildren(...openedList(await post("/v1/desk/contacts/open", body)));
      return as_csv ? "The file is made; the read is written down." : "The read is written down.";
    },
    onDone: as_csv ? redraw : () => {},
  });
}

function openedList(answer) {
  const rows = answer.contacts.map((one) => element("tr", {}, element("td", { class: "number" }, one.rank || "–"), element("td", {}, nameElement(one.name)), element("td", {}, one.contact.email ?? ""), element("td", {}, one.contact.phone ?? "")));
  const closed = answer.closed ? [element("p", { class: "trouble" }, `${answer.closed} were sealed to an earlier key or are damaged; they stay closed.`)] : [];
  return [rows.length ? table([{ label: "Rank", class: "number" }, { label: "Name" }, { label: "E-mail" }, { label: "Telephone" }], rows) : empty("None could be opened."), ...closed];
}

function save(file) {
  const link = element("a", { href: URL.createObjectURL(file), download: "contacts.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}
