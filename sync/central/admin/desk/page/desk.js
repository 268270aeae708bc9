// The desk: finds the page for the address, draws it, and keeps the home fresh.

import { ask, post, rememberSession, whenSignedOut } from "./api.js";
import { byId, element, setText } from "./elements.js";
import { contactsPage } from "./contacts.js";
import { displaysPage } from "./displays.js";
import { tellSentence } from "./form_dialog.js";
import { formatPage } from "./format.js";
import { eventsPage } from "./events.js";
import { boardPage, foundPage, homePage } from "./home.js";
import { officialsPage } from "./officials.js";
import { personPage } from "./person.js";
import { passkeysCard } from "./passkeys.js";
import { button, buttons, card, facts } from "./pieces.js";
import { peoplePage } from "./people.js";
import { planPage } from "./plan.js";
import { rulesPage } from "./rules.js";
import { runPage } from "./run.js";
import { focusAgain, focusedPlace, forgetFocus, putBack, typedForms, watchPlace } from "./same_place.js";
import { setUpPage, signInPage } from "./sign_in.js";
import { sponsorsPage } from "./sponsors.js";
import { timingPage } from "./timing.js";
import { unitsPage } from "./units.js";
import { say, translatePage } from "./say.js";

const FRESH_EVERY_MS = 5_000;
const main = byId("main");
let session = { account: "" };
let drawn = 0;
let shown = ""; // the page that is there; a form to sign in is none

async function pageFor(hash) {
  const [, name, argument] = hash.split("/");
  const value = decodeURIComponent(argument ?? "");
  if (session.role === "timekeeper" && name !== "account") return timingPage();
  switch (name || "home") {
    case "home": return homePage();
    case "board": return boardPage();
    case "found": return foundPage(value);
    case "competitors": return personPage(value, redraw);
    case "runs": return runPage(value, redraw);
    case "people": return peoplePage();
    case "timing": return timingPage();
    case "rules": return rulesPage(redraw);
    case "format": return formatPage(value, false);
    case "format-from": return formatPage(value, true);
    case "plan": return planPage(redraw);
    case "displays": return displaysPage(redraw);
    case "events": return eventsPage(redraw);
    case "sponsors": return sponsorsPage(redraw);
    case "officials": return officialsPage(redraw);
    case "contacts": return contactsPage();
    case "units": return unitsPage(redraw);
    case "account": return accountPage();
    default: return { parts: [card(say("desk.not-here"), element("p", {}, say("desk.there-is-no-such-page")))] };
  }
}

async function accountPage() {
  const out = (path) => async () => {
    await post(path, {});
    session = { account: "" };
    location.hash = "#/";
    redraw();
  };
  return {
    parts: [card(say("desk.account"), facts([[say("desk.signed-in-as"), session.account], [say("desk.may"), session.role === "timekeeper" ? say("desk.time-runs") : say("desk.everything")]]), element("p", { class: "muted" }, say("desk.another-password-or-phone-pitboard-central-admin")), buttons(button(say("desk.sign-out"), out("/v1/desk/sign-out"), { class: "main" }), button(say("desk.sign-out-everywhere"), out("/v1/desk/sign-out-everywhere")))), await passkeysCard(redraw)],
  };
}

async function redraw({ isByItself = false } = {}) {
  const mine = ++drawn;
  const hash = location.hash || "#/";
  try {
    if (hash.startsWith("#/set-up/")) {
      const page = await setUpPage(decodeURIComponent(hash.slice(9)), enter);
      show({ parts: [page] }, false);
      return;
    }
    if (!session.account) {
      show({ parts: [signInPage(begin)] }, false);
      return;
    }
    const page = await pageFor(hash);
    if (mine !== drawn || !session.account) return;
    show(page, true, isByItself);
    setText(byId("banner"), "");
  } catch (error) {
    if (mine === drawn && error.code !== "signed-out") setText(byId("banner"), error.message);
  }
}

function show(page, isSignedIn, isByItself = false) {
  const address = isSignedIn ? location.hash || "#/" : "";
  const place = shown === address && address ? focusedPlace(main) : null;
  if (isByItself && shown === address && reads(main.childNodes) === reads(page.parts)) return;
  byId("nav").hidden = !isSignedIn;
  byId("search").hidden = !isSignedIn || session.role === "timekeeper";
  for (const link of byId("nav").children) {
    link.hidden = session.role === "timekeeper" && !["#/timing", "#/account"].includes(link.getAttribute("href"));
    if (link.getAttribute("href") === (location.hash || "#/")) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    } else link.removeAttribute("aria-current");
  }
  if (page.event) {
    setText(byId("event"), page.event.name);
    document.title = say("desk.event-desk", { event: page.event.name });
  }
  const typed = shown === address && address ? typedForms(main) : [];
  shown = address;
  main.dataset.page = location.hash || "#/";
  main.className = page.isWide ? "wide" : "";
  main.replaceChildren(...page.parts);
  putBack(main, typed);
  if (place) focusAgain(main, place);
  else if ([document.body, main].includes(document.activeElement)) main.querySelector("[data-first]")?.focus({ preventScroll: true });
}

// What a page that draws itself anew shows is left alone where it is the same: nobody is thrown out of a line.
const reads = (nodes) => [...nodes].map((one) => one.outerHTML).join("").replaceAll(/"about-[0-9]+"/g, "");

async function begin() {
  session = await ask("/v1/desk/session");
  rememberSession(session);
  redraw();
}

// Whoever has set up an account is in; the link is used and leaves the address and the history.
async function enter() {
  history.replaceState(null, "", "#/");
  await begin();
}

// A session that ended in the middle of a form: signed in again above it, and what was typed is still there.
function askAgain() {
  const before = session;
  session = { account: "" };
  const dialog = element("dialog", { class: "again", "aria-label": say("desk.sign-in") }, element("p", { class: "trouble", role: "alert" }, say("desk.session-ended-sign-in-again")));
  dialog.append(signInPage(async () => {
    session = await ask("/v1/desk/session");
    rememberSession(session);
    dialog.close();
    if (session.account !== before.account || session.role !== before.role) {
      closeDialogs();
      redraw();
    } else tellSentence(say("desk.signed-in-again-press-once-more"));
  }));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const closeDialogs = () => document.querySelectorAll("dialog").forEach((one) => one.close());

whenSignedOut(() => {
  if (document.querySelector("dialog.again")) return;
  if (session.account) askAgain();
  else redraw();
});
window.addEventListener("hashchange", () => {
  if (document.querySelector("dialog.again")) return;
  closeDialogs();
  byId("told").replaceChildren();
  forgetFocus();
  redraw();
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // its address is no page
  main.focus();
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = byId("query").value.trim();
  if (query) location.hash = "#/found/" + encodeURIComponent(query);
});
setInterval(() => {
  const isHome = ["", "#/"].includes(location.hash);
  const isBusy = document.hidden || document.querySelector("dialog") || main.matches(":active");
  if (session.account && isHome && !isBusy) redraw({ isByItself: true });
}, FRESH_EVERY_MS);
translatePage();
watchPlace(main);
begin().catch((error) => setText(byId("banner"), error.message));
