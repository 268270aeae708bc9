// The desk's home: what needs attention, who drives, newest and best entries. And the whole board.

import { ask } from "./api.js";
import { element, nameElement } from "./elements.js";
import { bestMarks, card, empty, list, personHref, personLink, phaseTag, resultOf, runHref, table, tag, when } from "./pieces.js";

const KINDS = {
  "run-changed": "Run changed",
  "short-lap": "Short lap",
  "run-waits": "Run not decided",
  "improbable-time": "Improbable time",
  alike: "Two alike",
  "unit-silent": "Unit silent",
  light: "Light",
  sensor: "Sensor",
  machine: "Machine",
  "clock-apart": "Clocks apart",
  stranger: "Stranger",
  notice: "Notice",
};

export async function homePage() {
  const home = await ask("/v1/desk/home");
  const newest = home.newest.map((one) => runItem(one.run, home.event, when(one.utc_ms)));
  const onTrack = home.on_track.map((run) => runItem(run, home.event, element("span", { class: "muted" }, `track ${run.track}`)));
  const attention = card("Needs attention ", list(home.attention.map(attentionItem), "Nothing. All is well."));
  attention.firstChild.append(element("span", { class: "count" }, String(home.attention.length)));
  attention.classList.add("whole");
  return {
    event: home.event,
    isWide: true,
    parts: [
      attention,
      card("Newest entries", list(newest, "No run was confirmed yet.")),
      element("div", { class: "card" },
        element("h2", {}, "Top entries ", element("span", { class: "count" }, `of ${home.entries_count}; ${home.competitors_count} competitors`)),
        entriesTable(home.top, home.event)),
      card("On track now", list(onTrack, "Nobody.")),
    ],
  };
}

export async function boardPage() {
  const board = await ask("/v1/desk/board");
  return { event: board.event, parts: [element("section", { class: "card" }, element("h2", {}, `Board, ${board.entries.length} entries`), entriesTable(board.entries, board.event))] };
}

export async function foundPage(query) {
  const found = await ask("/v1/desk/search?q=" + encodeURIComponent(query));
  const items = found.people.map((one) =>
    element("li", {}, element("span", { class: "grow" }, personLink(one.competitor_id, one.name)), element("span", { class: "muted" }, [one.number && `no. ${one.number}`, one.race_class].filter(Boolean).join(", ")), element("span", { class: "time" }, one.entry ? resultOf(one.entry.best_ns, one.entry.calculated, found.event) : "no result")),
  );
  return { event: found.event, parts: [card(`Found ${found.found}`, list(items, "Nobody has this in the name."))] };
}

function attentionItem(one) {
  const parts = [element("span", { class: "kind" }, KINDS[one.kind] ?? one.kind)];
  const words = element("span", { class: "grow" }, one.who ? nameElement(one.who) : "", one.who ? " " : "", one.sentence);
  parts.push(words);
  if (one.run_id) parts.push(element("a", { class: "button", href: runHref(one.run_id) }, "Look"));
  else if (one.kind === "alike") parts.push(...one.competitor_ids.map((id, index) => element("a", { class: "button", href: personHref(id) }, index ? "Second" : "First")));
  return element("li", { "data-kind": one.kind }, ...parts);
}

function runItem(run, event, label) {
  const people = run.places.map((one) => personLink(one.competitor_id, one.name));
  const names = people.flatMap((one, index) => (index ? [", ", one] : [one]));
  const marks = run.has_changed ? [tag("changed", { class: "tag warn" })] : [];
  return element("li", {}, element("span", { class: "grow" }, ...names), phaseTag(run.phase), ...marks, label, element("span", { class: "time" }, resultOf(run.best_ns, bestMarks(run.laps ?? [], run.best_ns), event)), element("a", { class: "button", href: runHref(run.run_id) }, "Run"));
}

function entriesTable(entries, event) {
  if (!entries.length) return empty("Nobody is on the board yet.");
  const heads = [{ label: "Rank", class: "number" }, { label: "Name" }, { label: "Best lap", class: "number" }, { label: "Laps", class: "number hide-small" }];
  const rows = entries.map((one) =>
    element("tr", {},
      element("td", { class: "number" }, one.is_disqualified ? "DSQ" : String(one.rank ?? "–")),
      element("td", {}, personLink(one.competitor_id, one.name)),
      element("td", { class: "number time" }, resultOf(one.best_ns, one.calculated, event)),
      element("td", { class: "number hide-small" }, String(one.laps))),
  );
  return table(heads, rows);
}
