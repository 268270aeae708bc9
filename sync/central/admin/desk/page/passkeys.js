// Passkeys: keys that a phone, a computer or a stick keeps, which sign in without password and code.

import { ask, post, rememberSession } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm } from "./form_dialog.js";
import { button, buttons, card, list, when } from "./pieces.js";
import { say } from "./say.js";

const CALLS = "/v1/desk/passkeys";
export const hasPasskeys = () => Boolean(window.PublicKeyCredential && navigator.credentials);

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (keys) => (keys ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));

// What the browser's own window does; whoever closes it, or has no passkey, is told so.
async function asked(way, publicKey) {
  try {
    const made = await navigator.credentials[way]({ publicKey });
    const response = Object.fromEntries(["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].filter((name) => made.response[name]).map((name) => [name, textOf(made.response[name])]));
    return { id: made.id, rawId: textOf(made.rawId), type: made.type, response };
  } catch (error) {
    if (error.name === "InvalidStateError") throw new Error(say("desk.this-device-has-a-passkey-for-this"));
    if (error.name === "SecurityError") throw new Error(say("desk.your-browser-makes-no-passkey-here-it"));
    throw new Error(say("desk.there-was-no-passkey-the-window-was"));
  }
}

export async function enterByPasskey() {
  const options = await post("/v1/desk/passkey/ask", {});
  const credential = await asked("get", { ...options, challenge: bytesOf(options.challenge), allowCredentials: known(options.allowCredentials) });
  rememberSession(await post("/v1/desk/passkey/enter", { credential }));
}

async function make(label) {
  const options = await post(`${CALLS}/ask`, {});
  const credential = await asked("create", { ...options, challenge: bytesOf(options.challenge), user: { ...options.user, id: bytesOf(options.user.id) }, excludeCredentials: known(options.excludeCredentials) });
  await post(`${CALLS}/keep`, { label, credential });
}

export async function passkeysCard(redraw) {
  const { passkeys } = await ask(CALLS);
  const items = passkeys.map((one) => element("li", {},
    element("span", { class: "grow" }, nameElement(one.label)), element("span", { class: "muted" }, say("desk.made"), when(one.made_utc_ms)),
    button(say("desk.remove"), () => askForm({ title: say("desk.remove-name", { name: one.label }), note: say("desk.it-does-not-sign-in-any-more"), label: say("desk.remove"), isDanger: true, send: async () => void (await post(`${CALLS}/remove`, { id: one.id })), onDone: redraw }), { class: "danger" })));
  const made = card(say("desk.passkeys"), list(items, say("desk.no-passkey-yet")), element("p", { class: "muted" }, say("desk.a-passkey-signs-in-by-your-finger")));
  if (hasPasskeys()) made.append(newForm(redraw));
  else made.append(element("p", { class: "muted" }, say("desk.this-browser-has-none-here-it-needs")));
  return made;
}

function newForm(redraw) {
  const label = element("input", { required: "", maxlength: "80", autocomplete: "off", dir: "auto" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = element("button", { class: "main", type: "submit" }, say("desk.make-a-passkey"));
  const form = element("form", { method: "dialog" }, element("label", {}, say("desk.name-of-this-passkey"), element("small", {}, say("desk.such-as-the-device-that-keeps-it")), label), trouble, buttons(go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    trouble.textContent = "";
    try {
      await make(label.value);
      redraw();
    } catch (error) {
      trouble.textContent = error.message;
    }
    go.disabled = false;
  });
  return form;
}
