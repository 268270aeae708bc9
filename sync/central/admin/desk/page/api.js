// Calls of the desk. What central says of an act is said in the page's language; a refusal is an Error, its `code`
// names it.

import { knows, language, say } from "./say.js";

const ANSWER_MAX_MS = 60_000;
const FILE_MAX_MS = 1_800_000;
let csrf = "";
let onSignedOut = () => {};

export function rememberSession(session) {
  csrf = session.csrf;
}

export function whenSignedOut(listener) {
  onSignedOut = listener;
}

async function call(path, options, read = (answer) => answer.json()) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MAX_MS), ...options });
  } catch {
    throw refused("no-answer", say(options.method === "POST" ? "desk.not-saved-no-answer" : "desk.central-does-not-answer-look-at-the"));
  }
  if (answer.redirected || !answer.headers.has("X-Pitboard-Desk")) {
    throw refused("not-ours", say("desk.something-else-answered-in-central-s-place"));
  }
  if (answer.ok) return inOurWords(await read(answer));
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401 && body.error === "signed-out") onSignedOut();
  throw refused(body.error ?? "failed", spoken(body), body.changed);
}

// Central answers with codes and their fields, some of which are words themselves, or lists; `sentence` is English.
function inOurWords(answer) {
  return answer?.said ? { ...answer, sentence: saidAll(answer.said) || answer.sentence } : answer;
}

// Sentences that a unit or central said as codes, "" where one is none of ours.
export const saidAll = (said) => (said?.length && said.every((one) => knows(one.code)) ? said.map(saidText).join(" ") : "");

export function saidText({ code, fields = {} }) {
  const shown = (value) => (Array.isArray(value) ? value.map(shown).join(", ") : value?.code ? saidText(value) : value);
  return say(code, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)])));
}

// The server refuses in English, which may say more; other languages have a sentence of the same code.
function spoken({ error, detail, fields }) {
  const sentences = [`desk.refused-${error}`, `refused.${error}`].filter(knows).map((code) => say(code, { detail, ...fields }));
  const whole = sentences.find((one) => !one.includes("…"));
  return (language !== "en" && whole) || (detail ?? say("desk.this-failed-central-s-log-says-why"));
}

function refused(code, sentence, changed) {
  const error = new Error(sentence);
  error.code = code;
  error.changed = changed; // by somebody else, field by field, while a form stood open
  return error;
}

export const ask = (path) => call(path, {});

const posting = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Pitboard-CSRF": csrf },
  body: JSON.stringify(body),
});

export const post = (path, body) => call(path, posting(body));

export const postForFile = (path, body) => call(path, { ...posting(body), signal: AbortSignal.timeout(FILE_MAX_MS) }, (answer) => answer.blob());

export const act = (body) => post("/v1/admin/acts", body);
