// One format, key by key, and beside it the board as it would be under these rules.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { fieldInput, fieldLabel, tellSentence, valueOf } from "./form_dialog.js";
import { buttons, card, resultOf, table, timeOf } from "./pieces.js";
import { say } from "./rules.js";

const RANKING_KEYS = ["ranking", "laps", "runs", "run_ranking", "points", "points_within", "ties", "resolution_ns", "runs_max_count", "runs_over", "start_order", "reverse_count", "team_member"];
const TIMING_KEYS = ["clock", "ends", "run_ms", "run_laps", "time_up", "lap_min_ms", "off_track", "off_track_ms", "off_track_max_count", "told_by", "lanes", "is_practice"];
const LABELS = {
  ranking: ["Ranked by", ""], laps: ["Laps", "The N of an average or a total of N laps."], runs: ["Runs", "How many runs make the result; 0 for all, with points."], run_ranking: ["One run is scored by", "Where the result is made of several."],
  points: ["Points", "For the first place, the second and so on."], points_within: ["Points for places within", ""], ties: ["Equal results", ""], resolution_ns: ["Times are cut to", ""], runs_max_count: ["Runs for each competitor", "0 for no limit."],
  runs_over: ["One run more", ""], start_order: ["Who starts first", ""], reverse_count: ["How many start in turned order", "0 for all, with slowest first."], team_member: ["Teams by their member of place", "0 for no teams."],
  clock: ["The time begins", ""], ends: ["A run ends", ""], run_ms: ["Length of a run in ms", "By time; by laps the longest, 0 for no limit."], run_laps: ["Laps of a run", "Where it ends by laps."], time_up: ["When the time is over", ""],
  lap_min_ms: ["Shortest lap in ms", "A shorter one waits for a verdict."], off_track: ["Off the track", ""], off_track_ms: ["Each time adds, in ms", ""], off_track_max_count: ["So often is allowed", ""], told_by: ["Whose a passing is", ""], lanes: ["Lanes", ""], is_practice: ["Practice: timed, never ranked", ""],
};
const WORDS = {
  "first-passing": "at the first passing", go: "at go", "start-gate": "at the start gate", time: "after its time", laps: "after its laps", open: "when a person says so",
  "finish-lap": "the lap may be finished", stop: "the lap is left out", cancel: "no result", ignore: "is noted only", void: "makes the lap void", seconds: "adds time", limit: "makes void above a limit",
  any: "the one car's", lane: "told by the lane", transponder: "told by the transponder", share: "share the rank", "first-set": "the earlier one is better", "second-best": "the next best decides",
  warn: "is warned of", refuse: "is refused", joined: "as they joined", "slowest-first": "the slowest", class: "by class", "": "the usual", run: "a run", round: "a round",
};
const RESOLUTIONS = [[1_000_000, "a thousandth"], [10_000_000, "a hundredth"], [100_000_000, "a tenth"], [1_000_000_000, "a second"], [1_000, "a millionth"]];

export async function formatPage(name, isPreset) {
  const rules = await ask("/v1/admin/rules");
  const known = (isPreset ? rules.presets : rules.formats).find((one) => one.name === name);
  if (!known) return { parts: [card("Not here", element("p", {}, "There is no such format."))] };
  const preview = element("div", { "aria-live": "polite" });
  const nameField = { name: "name", label: "Name", hint: isPreset ? "Under this name it becomes one of the event's formats." : "Another name makes another format.", value: name };
  const nameInput = fieldInput(nameField);
  const inputs = new Map([...RANKING_KEYS, ...TIMING_KEYS].map((key) => [key, fieldInput(fieldOf(key, known.whole[key], rules))]));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const read = () => Object.fromEntries([...inputs].map(([key, input]) => [key, typed(key, valueOf(input))]));
  const look = async () => {
    try {
      const seen = await post("/v1/admin/rules/preview", { table: read() });
      trouble.textContent = "";
      preview.replaceChildren(...previewOf(seen));
    } catch (error) {
      trouble.textContent = error.message;
      preview.replaceChildren();
    }
  };
  const group = (title, keys) => element("fieldset", {}, element("legend", {}, title), ...keys.map((key) => fieldLabel(fieldOf(key, null, rules), inputs.get(key))));
  const form = element("form", { method: "dialog", class: "two" }, fieldLabel(nameField, nameInput), group("How it is ranked", RANKING_KEYS), group("How a run goes", TIMING_KEYS), trouble, buttons(element("button", { class: "main", type: "submit" }, "Save the format")));
  form.addEventListener("change", look);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const sentence = await say({ rule: "format", name: nameInput.value, table: read() });
      location.hash = "#/rules";
      window.setTimeout(() => tellSentence(sentence));
    } catch (error) { trouble.textContent = error.message; }
  });
  await look();
  return { isWide: true, parts: [card(isPreset ? "A format from a preset" : "Format", form), element("section", { class: "card stay" }, element("h2", {}, "The ranking it would give"), preview)] };
}

function fieldOf(key, value, rules) {
  const [label, hint] = LABELS[key];
  const field = { name: key, label, hint, value };
  if (key === "ranking") return { ...field, options: rules.words.ranking.map((word) => [word, rules.rankings[word]]) };
  if (key === "run_ranking") return { ...field, options: rules.words.run_ranking.map((word) => [word, rules.rankings[word] ?? "The usual one"]) };
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
  const heads = [{ label: "Rank", class: "number" }, ...(seen.is_example ? [] : [{ label: "Now", class: "number" }]), { label: "Name" }, ...codes.map((code) => ({ label: code.replaceAll("_", " "), class: "number" }))];
  const rows = seen.rows.map((one) => element("tr", {},
    element("td", { class: "number" }, String(one.rank ?? "–")),
    ...(seen.is_example ? [] : [element("td", { class: "number muted" }, String(one.before ?? "–"))]),
    element("td", {}, nameElement(one.name)),
    ...codes.map((code) => element("td", { class: "number" }, (code === codes[0] ? resultText : columnText)(one.columns.find(([each]) => each === code), seen, one.calculated)))));
  const what = seen.is_example ? "No run is confirmed yet, so three drivers are made up: one steady, one with a single fast lap, one who gets faster." : `The confirmed runs of now, the first of ${seen.entries}.`;
  return [element("p", { class: "muted" }, what), table(heads, rows)];
}

// What a row is ranked by says from what it was calculated.
function resultText([, kind, value] = [], seen, marks) {
  return value != null && kind === "duration_ns" ? resultOf(value, marks, seen) : columnText([null, kind, value], seen);
}

function columnText([, kind, value] = [], seen) {
  if (value == null) return "–";
  return kind === "duration_ns" ? timeOf(value, seen) : String(value);
}
