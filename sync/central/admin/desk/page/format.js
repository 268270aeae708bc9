// One format, key by key, and beside it the board as it would be under these rules.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { fieldInput, fieldLabel, tellSentence, valueOf } from "./form_dialog.js";
import { forgetTrouble, tellTrouble } from "./meanwhile.js";
import { buttons, card, resultOf, table, timeOf, word } from "./pieces.js";
import { rankingSays, sayRule } from "./rules.js";
import { knows, language, say } from "./say.js";

const RANKING_KEYS = ["ranking", "laps", "runs", "run_ranking", "points", "points_within", "ties", "resolution_ns", "runs_max_count", "runs_over", "start_order", "reverse_count", "team_member"];
const TIMING_KEYS = ["clock", "ends", "run_ms", "run_laps", "time_up", "lap_min_ms", "off_track", "off_track_ms", "off_track_max_count", "told_by", "lanes", "is_practice"];
const LABELS = {
  ranking: [say("desk.ranked-by"), ""], laps: [say("desk.laps"), say("desk.the-n-of-an-average-or-a")], runs: [say("desk.runs"), say("desk.how-many-runs-make-the-result-0")], run_ranking: [say("desk.one-run-is-scored-by"), say("desk.where-the-result-is-made-of-several")],
  points: [say("desk.points"), say("desk.for-the-first-place-the-second-and")], points_within: [say("desk.points-for-places-within"), ""], ties: [say("desk.equal-results"), ""], resolution_ns: [say("desk.times-are-cut-to"), ""], runs_max_count: [say("desk.runs-for-each-competitor"), say("desk.0-for-no-limit")],
  runs_over: [say("desk.one-run-more"), ""], start_order: [say("desk.who-starts-first"), ""], reverse_count: [say("desk.how-many-start-in-turned-order"), say("desk.0-for-all-with-slowest-first")], team_member: [say("desk.teams-by-their-member-of-place"), say("desk.0-for-no-teams")],
  clock: [say("desk.the-time-begins"), ""], ends: [say("desk.a-run-ends"), ""], run_ms: [say("desk.length-of-a-run-in-ms"), say("desk.by-time-by-laps-the-longest-0")], run_laps: [say("desk.laps-of-a-run"), say("desk.where-it-ends-by-laps")], time_up: [say("desk.when-the-time-is-over"), ""],
  lap_min_ms: [say("desk.shortest-lap-in-ms"), say("desk.a-shorter-one-waits-for-a-verdict")], off_track: [say("desk.off-the-track"), ""], off_track_ms: [say("desk.each-time-adds-in-ms"), ""], off_track_max_count: [say("desk.so-often-is-allowed"), ""], told_by: [say("desk.whose-a-passing-is"), ""], lanes: [say("desk.lanes"), ""], is_practice: [say("desk.practice-timed-never-ranked"), ""],
};
const WORDS = {
  "first-passing": say("desk.at-the-first-passing"), go: say("desk.at-go"), "start-gate": say("desk.at-the-start-gate"), time: say("desk.after-its-time"), laps: say("desk.after-its-laps"), open: say("desk.when-a-person-says-so"),
  "finish-lap": say("desk.the-lap-may-be-finished"), stop: say("desk.the-lap-is-left-out"), cancel: say("desk.no-result"), ignore: say("desk.is-noted-only"), void: say("desk.makes-the-lap-void"), seconds: say("desk.adds-time"), limit: say("desk.makes-void-above-a-limit"),
  any: say("desk.the-one-car-s"), lane: say("desk.told-by-the-lane"), transponder: say("desk.told-by-the-transponder"), share: say("desk.share-the-rank"), "first-set": say("desk.the-earlier-one-is-better"), "second-best": say("desk.the-next-best-decides"),
  warn: say("desk.is-warned-of"), refuse: say("desk.is-refused"), joined: say("desk.as-they-joined"), "slowest-first": say("desk.the-slowest"), class: say("desk.by-class"), "": say("desk.the-usual"), run: say("desk.a-run"), round: say("desk.a-round"),
};
const RESOLUTIONS = [[1_000_000, say("desk.a-thousandth")], [10_000_000, say("desk.a-hundredth")], [100_000_000, say("desk.a-tenth")], [1_000_000_000, say("desk.a-second")], [1_000, say("desk.a-millionth")]];

export async function formatPage(name, isPreset) {
  const rules = await ask("/v1/admin/rules");
  const known = (isPreset ? rules.presets : rules.formats).find((one) => one.name === name);
  if (!known) return { parts: [card(say("desk.not-here"), element("p", {}, say("desk.there-is-no-such-format")))] };
  const preview = element("div", { "aria-live": "polite" });
  const nameField = { name: "name", label: say("desk.name"), hint: isPreset ? say("desk.under-this-name-it-becomes-one-of") : say("desk.another-name-makes-another-format"), value: name };
  const nameInput = fieldInput(nameField);
  const inputs = new Map([...RANKING_KEYS, ...TIMING_KEYS].map((key) => [key, fieldInput(fieldOf(key, known.whole[key], rules))]));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const read = () => Object.fromEntries([...inputs].map(([key, input]) => [key, typed(key, valueOf(input))]));
  let told = null; // what somebody else made of it meanwhile, once that was said
  const seen = () => told ?? (!isPreset && nameInput.value === name ? known.whole : { name: null });
  const look = async () => {
    try {
      const seen = await post("/v1/admin/rules/preview", { table: read() });
      if (!told) forgetTrouble(trouble);
      preview.replaceChildren(...previewOf(seen));
    } catch (error) {
      trouble.textContent = error.message;
      preview.replaceChildren();
    }
  };
  const group = (title, keys) => element("fieldset", {}, element("legend", {}, title), ...keys.map((key) => fieldLabel(fieldOf(key, null, rules), inputs.get(key))));
  const go = element("button", { class: "main", type: "submit" }, say("desk.save-the-format"));
  const form = element("form", { method: "dialog", class: "two" }, fieldLabel(nameField, nameInput), group(say("desk.how-it-is-ranked"), RANKING_KEYS), group(say("desk.how-a-run-goes"), TIMING_KEYS), trouble, buttons(go));
  form.addEventListener("change", look);
  nameInput.addEventListener("change", () => { told = null; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      const sentence = await sayRule({ rule: "format", name: nameInput.value, table: read() }, seen());
      location.hash = "#/rules";
      window.setTimeout(() => tellSentence(sentence));
    } catch (error) {
      const fields = [nameField, ...[...inputs.keys()].map((key) => fieldOf(key, null, rules))];
      const now = tellTrouble(error, trouble, go, { seen: seen(), fields, typed: { ...read(), name: nameInput.value } });
      if (error.changed) told = now;
    }
    go.disabled = false;
  });
  await look();
  return { isWide: true, parts: [card(isPreset ? say("desk.a-format-from-a-preset") : say("desk.format"), form), element("section", { class: "card stay" }, element("h2", {}, say("desk.the-ranking-it-would-give")), preview)] };
}

function fieldOf(key, value, rules) {
  const [label, hint] = LABELS[key];
  const field = { name: key, label, hint, value };
  if (key === "ranking") return { ...field, options: rules.words.ranking.map((word) => [word, rankingSays(rules, word)]) };
  if (key === "run_ranking") return { ...field, options: rules.words.run_ranking.map((word) => [word, word ? rankingSays(rules, word) : say("desk.the-usual-one")]) };
  if (rules.words[key]) return { ...field, options: rules.words[key].map((word) => [word, WORDS[word] ?? word]) };
  if (key === "resolution_ns") return { ...field, options: RESOLUTIONS };
  if (key === "points") return { ...field, value: value?.join(" "), maxlength: 400 };
  if (key === "is_practice") return { ...field, type: "checkbox" };
  return { ...field, type: "number" };
}

function typed(key, value) {
  if (key === "points") return value.split(/[\s,;]+/).filter(Boolean).map(Number);
  return key === "resolution_ns" ? Number(value) : value;
}

function previewOf(seen) {
  const codes = seen.rows[0]?.columns.map(([code]) => code) ?? [];
  const heads = [{ label: say("desk.rank"), class: "number" }, ...(seen.is_example ? [] : [{ label: say("desk.now"), class: "number" }]), { label: say("desk.name") }, ...codes.map((code) => ({ label: columnHead(code), class: "number" }))];
  const rows = seen.rows.map((one) => element("tr", {},
    element("td", { class: "number" }, String(one.rank ?? "–")),
    ...(seen.is_example ? [] : [element("td", { class: "number muted" }, String(one.before ?? "–"))]),
    element("td", {}, nameElement(one.name)),
    ...codes.map((code) => element("td", { class: "number" }, (code === codes[0] ? resultText : columnText)(one.columns.find(([each]) => each === code), seen, one.calculated)))));
  const what = seen.is_example ? say("desk.no-run-is-confirmed-yet-so-three") : say("desk.the-confirmed-runs-of-now-the-first", { entries: seen.entries });
  return [element("p", { class: "muted" }, what), table(heads, rows)];
}

// As the displays call the column, but quietly.
function columnHead(column) {
  const code = `display.column.${column}`;
  return knows(code) ? say(code).toLocaleLowerCase(language) : word(column.replaceAll("_", "-"));
}

// What a row is ranked by says from what it was calculated.
function resultText([, kind, value] = [], seen, marks) {
  return value != null && kind === "duration_ns" ? resultOf(value, marks, seen) : columnText([null, kind, value], seen);
}

function columnText([, kind, value] = [], seen) {
  if (value == null) return "–";
  return kind === "duration_ns" ? timeOf(value, seen) : String(value);
}
