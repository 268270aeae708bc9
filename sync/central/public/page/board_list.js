// Lists of entries. Rows are kept and moved, so an update touches only what changed and the scroll stays.

import { element, nameElement, setText } from "./elements.js";
import { isFollowed } from "./kept.js";
import { columnsOf, furtherTexts, gapText, resultText } from "./result_text.js";
import { say } from "./say.js";
import { calculatedWords } from "./track_card.js";

export class BoardList {
  #rows = new Map(); // competitor -> row
  #isOurs = false; // until then the rows are those that came with the page

  constructor(list) {
    this.list = list;
  }

  draw(entries, { resolutionNs, newest = null }) {
    if (!this.#isOurs) this.list.replaceChildren();
    this.#isOurs = true;
    const gone = new Set(this.#rows.keys());
    let place = this.list.firstElementChild;
    for (const entry of entries) {
      gone.delete(entry.competitor_id);
      const row = this.#rowOf(entry.competitor_id);
      fill(row, entry, resolutionNs, entry.competitor_id === newest);
      if (row.item === place) place = place.nextElementSibling;
      else this.list.insertBefore(row.item, place);
    }
    for (const competitor of gone) {
      this.#rows.get(competitor).item.remove();
      this.#rows.delete(competitor);
    }
  }

  #rowOf(competitor) {
    let row = this.#rows.get(competitor);
    if (!row) {
      row = newRow(competitor);
      this.#rows.set(competitor, row);
    }
    return row;
  }
}

function newRow(competitor) {
  const name = nameElement("");
  const [rank, marks, detail, time, gap] = ["rank", "marks", "detail", "time", "gap"].map((one) =>
    element("span", { class: one }),
  );
  const who = element("span", { class: "who" }, element("span", { class: "line" }, name, " ", marks), detail);
  const result = element("span", { class: "result" }, time, gap);
  const link = element("a", { class: "row", href: "#/competitors/" + encodeURIComponent(competitor) }, rank, who, result);
  return { item: element("li", {}, link), link, rank, name, marks, detail, time, gap };
}

function fill(row, entry, resolutionNs, isNewest) {
  setText(row.rank, entry.rank == null ? "–" : String(entry.rank));
  setText(row.name, entry.name);
  setText(row.detail, detailOf(entry, resolutionNs));
  setText(row.time, resultText(entry, resolutionNs));
  setText(row.gap, gapText(entry.gap, resolutionNs));
  setText(row.marks, (isNewest ? say("page.new") : "") + (isFollowed(entry.competitor_id) ? " ★" : ""));
  row.link.classList.toggle("newest", isNewest);
  row.link.classList.toggle("leads", entry.rank === 1);
  row.link.classList.toggle("timeless", columnsOf(entry)[0][2] == null || !!entry.is_disqualified);
}

function detailOf(entry, resolutionNs) {
  if (entry.laps == null) return say("page.no-result");
  if (entry.is_disqualified) return say("page.disqualified");
  const laps = columnsOf(entry)[0][0] === "laps" ? "" : say("page.laps", { count: entry.laps });
  const parts = [laps, say("page.runs", { count: entry.runs }), ...furtherTexts(entry, resolutionNs), calculatedWords(entry.calculated)];
  return parts.filter(Boolean).join(" · ");
}
