// Lists of entries. Rows are kept and moved, so an update touches only what changed and the scroll stays.

import { element, nameElement, setText } from "./elements.js";
import { isFollowed } from "./kept.js";
import { say } from "./say.js";
import { lapText } from "./time_text.js";
import { calculatedWords, signed } from "./track_card.js";

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
  setText(row.detail, detailOf(entry));
  setText(row.time, entry.best_ns == null ? say("page.no-time") : signed(entry, lapText(entry.best_ns, resolutionNs)));
  setText(row.gap, entry.gap_ns ? "+" + lapText(entry.gap_ns, resolutionNs) : "");
  setText(row.marks, (isNewest ? say("page.new") : "") + (isFollowed(entry.competitor_id) ? " ★" : ""));
  row.link.classList.toggle("newest", isNewest);
  row.link.classList.toggle("leads", entry.rank === 1);
  row.link.classList.toggle("timeless", entry.best_ns == null || !!entry.is_disqualified);
}

function detailOf(entry) {
  if (entry.laps == null) return say("page.no-result");
  if (entry.is_disqualified) return say("page.disqualified");
  const parts = [say("page.laps", { count: entry.laps }), say("page.runs", { count: entry.runs }), calculatedWords(entry.calculated)];
  return parts.filter(Boolean).join(" · ");
}
