// Competitors from a table, looked at before they are taken; results and laps as files.

import { post, saidAll } from "./api.js";
import { element, nameElement } from "./elements.js";
import { tellSentence } from "./form_dialog.js";
import { button, buttons, card, table, tag, word } from "./pieces.js";
import { language, say } from "./say.js";

const CLASSES = { new: "tag good", known: "tag", refused: "tag bad" };

export function peoplePage() {
  const text = element("textarea", { "aria-label": say("desk.table-of-competitors"), dir: "auto", spellcheck: "false", placeholder: "name,number,class,team,transponder" });
  const file = element("input", { type: "file", accept: ".csv,text/csv" });
  file.addEventListener("change", async () => {
    if (file.files.length) text.value = await file.files[0].text();
  });
  const outcome = element("div", { "aria-live": "polite" });
  const look = async () => {
    try {
      const seen = await post("/v1/desk/import", { text: text.value });
      outcome.replaceChildren(preview(seen.rows, text, outcome));
    } catch (error) {
      outcome.replaceChildren(element("p", { class: "trouble", role: "alert" }, error.message));
    }
  };
  const taking = card(say("desk.competitors-from-a-table"),
    element("p", { class: "muted" }, say("desk.a-csv-file-or-pasted-text-the")),
    element("label", {}, say("desk.file"), file), text, buttons(button(say("desk.look-at-it"), look, { class: "main" })), outcome);
  return { isWide: true, parts: [taking, exportCard()] };
}

function preview(rows, textArea, outcome) {
  const text = textArea.value;
  const count = (kind) => rows.filter((one) => one.outcome === kind).length;
  const heads = [{ label: say("desk.line"), class: "number" }, { label: say("desk.name") }, { label: say("desk.number") }, { label: say("desk.class"), class: "hide-small" }, { label: "" }];
  const shown = rows.map((one) => element("tr", {},
    element("td", { class: "number" }, String(one.line)), element("td", {}, nameElement(one.name)), element("td", {}, one.number), element("td", { class: "hide-small" }, one.race_class),
    element("td", {}, tag(word(one.outcome), { class: CLASSES[one.outcome] }), " ", saidAll(one.said) || one.trouble)));
  const reason = element("input", { maxlength: "400", dir: "auto" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const take = button(say("desk.register-number", { number: count("new") }), async () => {
    take.disabled = true;
    try {
      const done = await post("/v1/desk/import", { text, is_preview: false, reason: reason.value });
      outcome.replaceChildren();
      tellSentence(say("desk.number-competitors-are-registered-now", { count: done.taken }));
      textArea.focus({ preventScroll: true });
    } catch (error) {
      trouble.textContent = error.message;
      take.disabled = false;
    }
  }, { class: "main" });
  take.disabled = !count("new");
  return element("div", {},
    element("p", {}, say("desk.fresh-new-known-known-already-refused-refused", { fresh: count("new"), known: count("known"), refused: count("refused") })), table(heads, shown),
    element("label", {}, say("desk.reason"), element("small", {}, say("desk.kept-for-ever-name-nobody-in-it")), reason), trouble, buttons(take));
}

function exportCard() {
  const link = (what, format, label, more = "") => element("a", { class: "button", href: `/v1/desk/export?what=${what}&format=${format}&language=${language}${more}`, download: "" }, label);
  const row = (title, what) => element("div", {}, element("h3", {}, title), buttons(link(what, "xlsx", "XLSX"), link(what, "ods", "ODS"), link(what, "csv", "CSV"), link(what, "csv", say("desk.csv-with"), "&separator=semicolon"), link(what, "json", "JSON")));
  return card(say("desk.files"), row(say("desk.results"), "results"), row(say("desk.every-lap"), "laps"), element("div", {}, element("h3", {}, say("desk.to-print")), buttons(link("results", "pdf", say("desk.result-sheets")), link("laps", "pdf", say("desk.laps")), link("certificates", "pdf", say("desk.certificates")))), element("p", { class: "muted" }, say("desk.a-file-keeps-the-names-of-people")));
}
