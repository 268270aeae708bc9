// Calls of the desk. A refusal is an Error with the server's sentence; `code` names it.

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
    throw refused("no-answer", "Central does not answer. Look at the network, then try again.");
  }
  if (answer.redirected || !answer.headers.has("X-Pitboard-Desk")) {
    throw refused("not-ours", "Something else answered in central's place: is this the venue's network? Then try again.");
  }
  if (answer.ok) return read(answer);
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) onSignedOut();
  throw refused(body.error ?? "failed", body.detail ?? "This failed; central's log says why.");
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
