// The desk's home: what needs attention, who drives, newest and best entries. And the whole board.

import { ask, saidAll } from "./api.js";
import { element, nameElement } from "./elements.js";
import { bestMarks, card, empty, entryHead, entryResult, list, personHref, personLink, phaseTag, resultOf, runHref, table, tag, when } from "./pieces.js";
import { knows, language, say } from "./say.js";

const KINDS = {
  "run-changed": say("desk.run-changed"),
  "short-lap": say("desk.short-lap"),
  "run-waits": say("desk.run-not-decided"),
  "improbable-time": say("desk.improbable-time"),
  alike: say("desk.two-alike"),
  "unit-silent": say("desk.unit-silent"),
  light: say("desk.light"),
  sensor: say("desk.sensor"),
  machine: say("desk.machine"),
  "clock-apart": say("desk.clocks-apart"),
  stranger: say("desk.stranger"),
  notice: say("desk.notice"),
};

export async function homePage() {
  const home = await ask("/v1/desk/home");
  const newest = home.newest.map((one) => runItem(one.run, home.event, when(one.utc_ms)));
  const onTrack = home.on_track.map((run) => runItem(run, home.event, element("span", { class: "muted" }, say("desk.track-track", { track: run.track }))));
  const attention = card(say("desk.needs-attention"), list(home.attention.map(attentionItem), say("desk.nothing-all-is-well")));
  attention.firstChild.append(element("span", { class: "count" }, String(home.attention.length)));
  attention.classList.add("whole");
  return {
    event: home.event,
    isWide: true,
    parts: [
      attention,
      card(say("desk.newest-entries"), list(newest, say("desk.no-run-was-confirmed-yet"))),
      element("div", { class: "card" },
        element("h2", {}, say("desk.top-entries"), element("span", { class: "count" }, say("desk.of-entries-competitors-competitors", { entries: home.entries_count, competitors: home.competitors_count }))),
        entriesTable(home.top, home.event)),
      card(say("desk.on-track-now"), list(onTrack, say("desk.nobody"))),
    ],
  };
}

export async function boardPage() {
  const board = await ask("/v1/desk/board");
  return { event: board.event, parts: [element("section", { class: "card" }, element("h2", {}, say("desk.board-entries-entries", { entries: board.entries.length })), entriesTable(board.entries, board.event))] };
}

export async function foundPage(query) {
  const found = await ask("/v1/desk/search?q=" + encodeURIComponent(query));
  const items = found.people.map((one) =>
    element("li", {}, element("span", { class: "grow" }, personLink(one.competitor_id, one.name)), element("span", { class: "muted" }, [one.number && say("desk.no-number", { number: one.number }), one.race_class].filter(Boolean).join(", ")), element("span", { class: "time" }, entryResult(one.entry, found.event))),
  );
  return { event: found.event, parts: [card(say("desk.found-found", { found: found.found }), list(items, say("desk.nobody-has-this-in-the-name")))] };
}

function attentionItem(one) {
  const parts = [element("span", { class: "kind" }, KINDS[one.kind] ?? one.kind)];
  const words = element("span", { class: "grow" }, one.who ? nameElement(one.who) : "", one.who ? " " : "", attentionSays(one));
  parts.push(words);
  if (one.run_id) parts.push(element("a", { class: "button", href: runHref(one.run_id) }, say("desk.look")));
  else if (one.kind === "alike") parts.push(...one.competitor_ids.map((id, index) => element("a", { class: "button", href: personHref(id) }, index ? say("desk.second") : say("desk.first"))));
  return element("li", { "data-kind": one.kind }, ...parts);
}

// In English the server's sentence may say more than its code.
function attentionSays(one) {
  if (language === "en") return one.sentence;
  return saidAll(one.says) || (one.code && knows(one.code) ? say(one.code, one.fields) : one.sentence);
}

function runItem(run, event, label) {
  const people = run.places.map((one) => personLink(one.competitor_id, one.name));
  const names = people.flatMap((one, index) => (index ? [", ", one] : [one]));
  const marks = run.has_changed ? [tag(say("desk.home-changed"), { class: "tag warn" })] : [];
  return element("li", {}, element("span", { class: "grow" }, ...names), phaseTag(run.phase), ...marks, label, element("span", { class: "time" }, resultOf(run.best_ns, bestMarks(run.laps ?? [], run.best_ns), event)), element("a", { class: "button", href: runHref(run.run_id) }, say("desk.run")));
}

function entriesTable(entries, event) {
  if (!entries.length) return empty(say("desk.nobody-is-on-the-board-yet"));
  const heads = [{ label: say("desk.rank"), class: "number" }, { label: say("desk.name") }, { label: entryHead(entries), class: "number" }, { label: say("desk.laps"), class: "number hide-small" }];
  const rows = entries.map((one) =>
    element("tr", {},
      element("td", { class: "number" }, one.is_disqualified ? say("desk.dsq") : String(one.rank ?? "–")),
      element("td", {}, personLink(one.competitor_id, one.name)),
      element("td", { class: "number time" }, entryResult(one, event)),
      element("td", { class: "number hide-small" }, String(one.laps))),
  );
  return table(heads, rows);
}
