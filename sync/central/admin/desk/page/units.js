// Units: how each is, enrolling by a one-time token, and revoking.

import { ask, post, saidAll } from "./api.js";
import { element, nameElement } from "./elements.js";
import { openDialog, tellSentence } from "./form_dialog.js";
import { button, buttons, card, facts, list, table, tag, when, word } from "./pieces.js";
import { figure, knows, language, say } from "./say.js";

export async function unitsPage(redraw) {
  const [watched, units] = await Promise.all([ask("/v1/admin/units/status"), ask("/v1/admin/units")]);
  const health = watched.units.map(healthItem);
  const heads = [{ label: say("desk.name") }, { label: say("desk.state") }, { label: say("desk.records"), class: "number hide-small" }, { label: say("desk.last-record"), class: "hide-small" }, { label: "" }];
  const rows = units.map((unit) => unitRow(unit, redraw));
  return {
    isWide: true,
    parts: [
      card(say("desk.health"), list(health, say("desk.no-unit-is-enrolled"))),
      element("div", {}, enrolCard(redraw)),
      element("section", { class: "card whole" }, element("h2", {}, say("desk.who-is-enrolled")), table(heads, rows, true)),
    ],
  };
}

function healthItem(unit) {
  const isSilent = unit.is_silent || !unit.status;
  const said = unit.status ? say("desk.said-seconds-s-ago", { seconds: Math.floor(unit.age_ms / 1000) }) : say("desk.has-said-nothing-since-central-started");
  const troubles = [
    ...(unit.status?.lights ?? []).filter((one) => one.state !== "ok").map((one) => `${word(one.light)}: ${lightSays(one)}`),
    ...(unit.status?.sensors ?? []).filter((one) => one.state !== "ok").map((one) => `${one.sensor}: ${sensorSays(one)}`),
  ].map((text) => [text, "bad"]);
  troubles.push(...(unit.status?.machine ?? []).filter((one) => one.colour !== "green").map((one) => [machineSays(one), one.colour === "red" ? "bad" : "warn"]));
  const lights = troubles.map(([text, how]) => element("li", {}, tag(text, { class: `tag wrap ${how}` })));
  const all = unit.status ? [everything(unit)] : [];
  const mark = isSilent ? tag(say("desk.silent"), { class: "tag bad" }) : troubles.length ? tag(say("desk.look-2"), { class: "tag warn" }) : tag(say("desk.well"), { class: "tag good" });
  const health = unit.status ? [element("div", { class: "line" }, healthFacts(unit))] : [];
  return element("li", {}, element("span", { class: "grow" }, nameElement(unit.name)), mark, element("span", { class: "muted" }, said), ...health, ...(lights.length ? [element("ul", { class: "grow" }, ...lights)] : []), ...all);
}

const lightSays = (one) => (language === "en" ? "" : saidAll(one.says)) || one.detail || word(one.state);

// As the touchscreens say it: the notes of a sensor, or else its state.
function sensorSays(one) {
  const notes = (one.notes ?? []).map(({ code, fields = {} }) => ({ code: `sensor.${code === "silent" && "silent_s" in fields ? "silent-for" : code}`, fields }));
  return saidAll(notes) || saidAll([{ code: `sensor.state.${one.state}` }]) || word(one.state);
}

// What the unit's doctor found, in the language of the touchscreens, which have the same sentences.
function machineSays(note) {
  const code = `touch.machine-${note.code}`;
  if (language === "en" || !knows(code)) return inARow([note.sentence, note.advice]);
  return inARow([say(code, note.fields), note.advice && knows(code + "-do") ? say(code + "-do", note.fields) : ""]);
}

// Sentences one after the other; on a screen that has a line for each they need no full stop.
const inARow = (sentences) => sentences.filter(Boolean).map((one) => (/[.!?:]$/.test(one) ? one : one + ".")).join(" ");

// The five things to look at before a race, of every unit that speaks.
function healthFacts({ status, clock }) {
  const seconds = clock ? (clock.gap_ms / 1000).toFixed(1) : "";
  const checked = (prefix, field) => status.machine?.find((one) => one.code.startsWith(prefix) && one.fields?.[field] !== undefined)?.fields[field];
  const degrees = checked("temperature", "degrees");
  return facts([
    [say("desk.version"), status.version || say("desk.not-said")],
    [say("desk.disk-free"), checked("disk", "free") ?? say("desk.not-said")],
    [say("desk.clock"), clock ? clock.way === "ahead" ? say("desk.seconds-ahead", { seconds }) : say("desk.seconds-behind", { seconds }) : say("desk.as-central-s")],
    [say("desk.still-to-come"), status.waiting_count ? say("desk.number-records", { count: status.waiting_count }) : say("desk.units-nothing")],
    [say("desk.temperature"), degrees === undefined ? say("desk.not-told") : figure(`${degrees} °C`)],
  ]);
}

// All else that the unit says of itself: its lights, sensors, and the doctor's checks.
function everything({ status }) {
  const lines = [
    ...status.lights.map((one) => [word(one.light), lightSays(one)]),
    ...status.sensors.map((one) => [one.sensor, [sensorSays(one), one.device, say("desk.number-passings-a-minute", { number: one.passings_per_min })].filter(Boolean).join(", ")]),
    ...(status.machine ?? []).map((one) => [word(one.code.split("-")[0]), machineSays(one)]),
  ];
  return element("details", { class: "grow" }, element("summary", {}, say("desk.everything-it-says")), facts(lines, "facts lines"));
}

function unitRow(unit, redraw) {
  const state = { enrolled: "tag good", revoked: "tag bad", unknown: "tag warn" }[unit.state];
  const revoke = unit.state === "enrolled" ? [button(say("desk.revoke"), () => askRevoke(unit, redraw), { class: "danger" })] : [];
  return element("tr", {},
    element("td", {}, nameElement(unit.name || unit.key.slice(0, 8))),
    element("td", {}, tag(word(unit.state === "unknown" ? "stranger" : unit.state), { class: state })),
    element("td", { class: "number hide-small" }, unit.role === "display" ? word("display") : String(unit.records)),
    element("td", { class: "hide-small" }, unit.role === "display" ? "" : unit.last_utc_ms == null ? say("desk.none") : when(unit.last_utc_ms)),
    element("td", { class: "number" }, ...revoke));
}

function askRevoke(unit, redraw) {
  const isDisplay = unit.role === "display";
  const reason = element("input", { required: "", maxlength: "400", dir: "auto", autocomplete: "off" });
  const typed = element("input", { autocomplete: "off", dir: "auto" });
  openDialog({
    title: say("desk.revoke-2") + unit.name,
    note: say(isDisplay ? "desk.it-is-a-stranger-at-every-door" : "desk.what-central-has-of-it-now-still") + say("desk.its-key-cannot-be-enrolled-again"),
    parts: [
      element("label", {}, say("desk.reason"), element("small", {}, say("desk.kept-for-ever-name-nobody-in-it")), reason),
      element("label", {}, say(isDisplay ? "desk.type-the-displays-name" : "desk.type-the-units-name"), typed),
    ],
    label: say("desk.revoke"),
    isDanger: true,
    submit: async () => {
      if (typed.value.trim() !== unit.name.trim()) throw new Error(say("desk.that-is-not-the-name-nothing-was"));
      await post("/v1/admin/units/revoke", { unit: unit.key, reason: reason.value });
    },
    done: () => {
      tellSentence(say("desk.name-is-revoked-now", { name: unit.name }));
      redraw();
    },
  });
}

function enrolCard(redraw) {
  const name = element("input", { required: "", maxlength: "80", dir: "auto" });
  const role = element("select", {}, element("option", { value: "unit" }, say("desk.unit-at-a-track")), element("option", { value: "display" }, say("desk.display")));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = element("button", { class: "main", type: "submit" }, say("desk.make-a-token"));
  const form = element("form", {}, element("label", {}, say("desk.name"), name), element("label", {}, say("desk.kind"), role), trouble, buttons(go));
  const made = card(say("desk.enrol"), form);
  const retry = button(say("desk.another-token"), () => made.replaceWith(enrolCard(redraw)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    go.disabled = true;
    try {
      const issued = await post("/v1/admin/enrolments", { name: name.value, role: role.value });
      const { picture } = await post("/v1/desk/picture", { text: `${issued.address}/#${issued.token}` });
      made.replaceChildren(element("h2", {}, say("desk.enrol-2"), nameElement(name.value)), element("img", { class: "qr", src: picture, alt: say("desk.qr-code-of-the-token-below") }), element("p", { class: "secret" }, issued.token), element("p", { class: "muted" }, say("desk.good-once-for-minutes-minutes-on-the", { minutes: issued.life_s / 60, address: issued.address })));
      made.append(trouble, buttons(retry));
      retry.focus({ preventScroll: true });
      await follow(made, issued.ticket, name.value, redraw);
    } catch (error) { trouble.textContent = error.message; }
    go.disabled = false;
  });
  return made;
}

async function follow(place, ticket, name, redraw) {
  let state = "open";
  while (place.isConnected && ["open", "claimed"].includes(state)) {
    state = (await post("/v1/admin/enrolments/watch", { ticket, after: state, wait_ms: 5000 })).state;
  }
  if (!place.isConnected) return;
  const seen = await post("/v1/admin/enrolments/watch", { ticket });
  if (seen.state !== "waiting") {
    place.append(element("p", { class: "trouble" }, seen.state === "expired" ? say("desk.nobody-used-the-token-in-time") : say("desk.the-node-refused-the-digits-differ")));
    return;
  }
  const decide = async (accept) => {
    await post("/v1/admin/enrolments/decide", { ticket, accept });
    tellSentence(say(accept ? "desk.name-is-enrolled-now" : "desk.name-was-not-enrolled", { name }));
    redraw();
  };
  tellSentence(say("desk.the-node-used-the-token-does-it"));
  place.append(element("p", {}, say("desk.the-node-used-the-token-does-it")), element("p", { class: "secret" }, seen.code), buttons(button(say("desk.yes-enrol-it"), () => decide(true), { class: "main" }), button(say("desk.no"), () => decide(false), { class: "danger" })));
}
