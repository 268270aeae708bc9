// Competitors from a table, looked at before they are taken; results and laps as files.

import { post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, table, tag } from "./pieces.js";

const CLASSES = { new: "tag good", known: "tag", refused: "tag bad" };

export function peoplePage() {
  const text = element("textarea", { "aria-label": "Table of competitors", dir: "auto", spellcheck: "false", placeholder: "name,number,class,team,transponder" });
  const file = element("input", { type: "file", accept: ".csv,text/csv" });
  file.addEventListener("change", async () => {
    if (file.files.length) text.value = await file.files[0].text();
  });
  const outcome = element("div", {});
  const look = async () => {
    try {
      const seen = await post("/v1/desk/import", { text: text.value });
      outcome.replaceChildren(preview(seen.rows, text.value, outcome));
    } catch (error) {
      outcome.replaceChildren(element("p", { class: "trouble", role: "alert" }, error.message));
    }
  };
  const taking = card("Competitors from a table",
    element("p", { class: "muted" }, "A CSV file, or pasted text. The first line names the columns: name, and as you like number, class, team, transponder. Who is there already, by name, number and class, is left alone."),
    element("label", {}, "File", file), text, buttons(button("Look at it", look, { class: "main" })), outcome);
  return { isWide: true, parts: [taking, exportCard()] };
}

function preview(rows, text, outcome) {
  const count = (kind) => rows.filter((one) => one.outcome === kind).length;
  const heads = [{ label: "Line", class: "number" }, { label: "Name" }, { label: "Number" }, { label: "Class", class: "hide-small" }, { label: "" }];
  const shown = rows.map((one) => element("tr", {},
    element("td", { class: "number" }, String(one.line)), element("td", {}, nameElement(one.name)), element("td", {}, one.number), element("td", { class: "hide-small" }, one.race_class),
    element("td", {}, tag(one.outcome, { class: CLASSES[one.outcome] }), " ", one.trouble)));
  const reason = element("input", { maxlength: "400", dir: "auto" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const take = button(`Register ${count("new")}`, async () => {
    take.disabled = true;
    try {
      const done = await post("/v1/desk/import", { text, is_preview: false, reason: reason.value });
      outcome.replaceChildren(element("p", { role: "status" }, `${done.taken} competitors are registered now.`));
    } catch (error) {
      trouble.textContent = error.message;
      take.disabled = false;
    }
  }, { class: "main" });
  take.disabled = !count("new");
  return element("div", {},
    element("p", {}, `${count("new")} new, ${count("known")} known already, ${count("refused")} refused.`), table(heads, shown),
    element("label", {}, "Reason", element("small", {}, "Kept for ever. Name nobody in it."), reason), trouble, buttons(take));
}

function exportCard() {
  const link = (what, format, label, more = "") => element("a", { class: "button", href: `/v1/desk/export?what=${what}&format=${format}${more}`, download: "" }, label);
  const row = (title, what) => element("div", {}, element("h3", {}, title), buttons(link(what, "xlsx", "XLSX"), link(what, "ods", "ODS"), link(what, "csv", "CSV"), link(what, "csv", "CSV with ;", "&separator=semicolon"), link(what, "json", "JSON")));
  return card("Files", row("Results", "results"), row("Every lap", "laps"), element("div", {}, element("h3", {}, "To print"), buttons(link("results", "pdf", "Result sheets"), link("laps", "pdf", "Laps"), link("certificates", "pdf", "Certificates"))), element("p", { class: "muted" }, "A file keeps the names of people who are erased later: delete it then."));
}
