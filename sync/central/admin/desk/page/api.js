// Calls of the desk. A refusal is an Error with the server's sentence; `code` names it.

import { knows, language, say } from "./say.js";

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
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw refused("no-answer", say("desk.central-does-not-answer-look-at-the"));
  }
  if (answer.redirected || !answer.headers.has("X-Pitboard-Desk")) {
    throw refused("not-ours", say("desk.something-else-answered-in-central-s-place"));
  }
  if (answer.ok) return read(answer);
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) onSignedOut();
  throw refused(body.error ?? "failed", spoken(body));
}

// The server refuses in English, which may say more; other languages have a sentence of the same code.
function spoken(body) {
  const code = `refused.${body.error}`;
  const plain = language !== "en" && knows(code) ? say(code) : "";
  if (plain && !plain.includes("…")) return plain;
  return body.detail ?? say("desk.this-failed-central-s-log-says-why");
}

function refused(code, sentence) {
  const error = new Error(sentence);
  error.code = code;
  return error;
}

export const ask = (path) => call(path, {});

const posting = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Pitboard-CSRF": csrf },
  body: JSON.stringify(body),
});

export const post = (path, body) => call(path, posting(body));

export const postForFile = (path, body) => call(path, posting(body), (answer) => answer.blob());

export const act = (body) => post("/v1/admin/acts", body);
