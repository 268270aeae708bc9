// Signing in, and setting up an account by a one-time link.

import { post, rememberSession } from "./api.js";
import { element } from "./elements.js";
import { enterByPasskey, hasPasskeys } from "./passkeys.js";
import { button, buttons, card } from "./pieces.js";
import { say } from "./say.js";

function input(traits) {
  return element("input", { required: "", autocapitalize: "off", spellcheck: "false", ...traits });
}

const codeInput = () => input({ name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "9" });

function formCard(title, parts, label, send) {
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = element("button", { class: "main", type: "submit" }, label);
  const form = element("form", { method: "dialog" }, ...parts, trouble, buttons(go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    trouble.textContent = "";
    try {
      await send();
    } catch (error) {
      trouble.textContent = error.message;
    }
    go.disabled = false;
  });
  const made = card(title, form);
  made.classList.add("small");
  return made;
}

export function signInPage(onDone) {
  const name = input({ name: "name", autocomplete: "username" });
  const password = input({ name: "password", type: "password", autocomplete: "current-password" });
  const code = codeInput();
  const parts = [
    element("label", {}, say("desk.account"), name),
    element("label", {}, say("desk.password"), password),
    element("label", {}, say("desk.code"), element("small", {}, say("desk.the-six-digits-that-your-phone-s")), code),
  ];
  const made = formCard(say("desk.sign-in"), parts, say("desk.sign-in"), async () => {
    rememberSession(await post("/v1/desk/sign-in", { name: name.value, password: password.value, code: code.value }));
    onDone();
  });
  if (hasPasskeys()) made.append(...byPasskey(onDone));
  return made;
}

function byPasskey(onDone) {
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = button(say("desk.sign-in-with-a-passkey"), async () => {
    go.disabled = true;
    trouble.textContent = "";
    try {
      await enterByPasskey();
      onDone();
    } catch (error) {
      trouble.textContent = error.message;
    }
    go.disabled = false;
  });
  return [trouble, buttons(go)];
}

export async function setUpPage(link, onDone) {
  let seen;
  try {
    seen = await post("/v1/desk/set-up/look", { link });
  } catch (error) {
    return card(say("desk.set-up-an-account"), element("p", { class: "trouble", role: "alert" }, error.message));
  }
  const name = input({ autocomplete: "username", readonly: "" });
  name.value = seen.account;
  const password = input({ name: "password", type: "password", autocomplete: "new-password", minlength: "12", maxlength: "256" });
  const again = input({ name: "again", type: "password", autocomplete: "new-password" });
  const code = codeInput();
  const parts = [
    element("label", {}, say("desk.account"), name),
    element("label", {}, say("desk.new-password"), element("small", {}, say("desk.at-least-12-characters-a-sentence-is")), password),
    element("label", {}, say("desk.the-password-again"), again),
    element("p", {}, say("desk.scan-this-with-the-app-for-codes")),
    element("img", { class: "qr", src: seen.picture, alt: say("desk.qr-code-of-the-secret-below") }),
    element("p", {}, say("desk.or-type-it-there"), element("span", { class: "secret" }, seen.secret)),
    element("label", {}, say("desk.code"), element("small", {}, say("desk.the-six-digits-that-the-app-shows")), code),
  ];
  return formCard(say("desk.set-up-an-account"), parts, say("desk.set-up-and-sign-in"), async () => {
    if (password.value !== again.value) throw new Error(say("desk.the-two-passwords-are-not-the-same"));
    rememberSession(await post("/v1/desk/set-up", { link, password: password.value, code: code.value }));
    onDone();
  });
}
