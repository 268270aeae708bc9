// Units: how each is, enrolling by a one-time token, and revoking.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { button, buttons, card, facts, list, table, tag, when } from "./pieces.js";

export async function unitsPage(redraw) {
  const [watched, units] = await Promise.all([ask("/v1/admin/units/status"), ask("/v1/admin/units")]);
  const health = watched.units.map(healthItem);
  const heads = [{ label: "Name" }, { label: "State" }, { label: "Records", class: "number hide-small" }, { label: "Last record", class: "hide-small" }, { label: "" }];
  const rows = units.map((unit) => unitRow(unit, redraw));
  return {
    isWide: true,
    parts: [
      card("Health", list(health, "No unit is enrolled.")),
      element("div", {}, enrolCard(redraw)),
      element("section", { class: "card whole" }, element("h2", {}, "Who is enrolled"), table(heads, rows)),
    ],
  };
}

function healthItem(unit) {
  const isSilent = unit.is_silent || !unit.status;
  const said = unit.status ? `said ${Math.floor(unit.age_ms / 1000)} s ago` : "has said nothing since central started";
  const troubles = [
    ...(unit.status?.lights ?? []).filter((one) => one.state !== "ok").map((one) => `${one.light}: ${one.detail || one.state}`),
    ...(unit.status?.sensors ?? []).filter((one) => one.state !== "ok").map((one) => `${one.sensor}: ${one.state}`),
  ].map((text) => [text, "bad"]);
  troubles.push(...(unit.status?.machine ?? []).filter((one) => one.colour !== "green").map((one) => [[one.sentence, one.advice].filter(Boolean).join(" "), one.colour === "red" ? "bad" : "warn"]));
  const lights = troubles.map(([text, how]) => element("li", {}, tag(text, { class: `tag wrap ${how}` })));
  const all = unit.status ? [everything(unit)] : [];
  const mark = isSilent ? tag("silent", { class: "tag bad" }) : troubles.length ? tag("look", { class: "tag warn" }) : tag("well", { class: "tag good" });
  const health = unit.status ? [element("div", { class: "grow" }, healthFacts(unit))] : [];
  return element("li", {}, element("span", { class: "grow" }, nameElement(unit.name)), mark, element("span", { class: "muted" }, said), ...health, ...(lights.length ? [element("ul", { class: "grow" }, ...lights)] : []), ...all);
}

// The five things to look at before a race, of every unit that speaks.
function healthFacts({ status, clock }) {
  const seconds = clock ? (clock.gap_ms / 1000).toFixed(1) : "";
  const checked = (prefix, field) => status.machine?.find((one) => one.code.startsWith(prefix) && one.fields?.[field] !== undefined)?.fields[field];
  const degrees = checked("temperature", "degrees");
  return facts([
    ["Version", status.version || "not said"],
    ["Disk free", checked("disk", "free") ?? "not said"],
    ["Clock", clock ? `${seconds} s ${clock.way === "ahead" ? "ahead of" : "behind"} central's` : "as central's"],
    ["Still to come", status.waiting_count ? `${status.waiting_count} records` : "nothing"],
    ["Temperature", degrees === undefined ? "not told" : `${degrees} °C`],
  ]);
}

// All else that the unit says of itself: its lights, sensors, and the doctor's checks.
function everything({ status }) {
  const lines = [
    ...status.lights.map((one) => [one.light, one.detail || one.state]),
    ...status.sensors.map((one) => [one.sensor, [one.state, one.device, `${one.passings_per_min} passings a minute`].filter(Boolean).join(", ")]),
    ...(status.machine ?? []).map((one) => [one.code, one.sentence]),
  ];
  return element("details", { class: "grow" }, element("summary", {}, "Everything it says"), facts(lines));
}

function unitRow(unit, redraw) {
  const state = { enrolled: "tag good", revoked: "tag bad", unknown: "tag warn" }[unit.state];
  const revoke = unit.state === "enrolled" ? [button("Revoke", () => askRevoke(unit, redraw), { class: "danger" })] : [];
  return element("tr", {},
    element("td", {}, nameElement(unit.name || unit.key.slice(0, 8))),
    element("td", {}, tag(unit.state === "unknown" ? "stranger" : unit.state, { class: state })),
    element("td", { class: "number hide-small" }, unit.role === "display" ? "display" : String(unit.records)),
    element("td", { class: "hide-small" }, unit.role === "display" ? "" : unit.last_utc_ms == null ? "none" : when(unit.last_utc_ms)),
    element("td", { class: "number" }, ...revoke));
}

function askRevoke(unit, redraw) {
  const trouble = element("p", { class: "trouble", role: "alert" });
  const reason = element("input", { required: "", maxlength: "400" });
  const typed = element("input", { autocomplete: "off", dir: "auto" });
  const form = element("form", { method: "dialog" },
    element("h2", {}, "Revoke ", nameElement(unit.name)),
    element("p", { class: "muted" }, (unit.role === "display" ? "It is a stranger at every door from now on, and may read the board as they do." : "What central has of it now still counts; nothing later does.") + " Its key cannot be enrolled again."),
    element("label", {}, "Reason", element("small", {}, "Kept for ever. Name nobody in it."), reason),
    element("label", {}, `Type the ${unit.role}'s name to go on`, typed), trouble);
  const dialog = element("dialog", {}, form);
  form.append(buttons(element("button", { class: "danger", type: "submit" }, "Revoke"), button("Cancel", () => dialog.close())));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (typed.value.trim() !== unit.name.trim()) { trouble.textContent = "That is not the name; nothing was done."; return; }
    try {
      await post("/v1/admin/units/revoke", { unit: unit.key, reason: reason.value });
      dialog.close();
      redraw();
    } catch (error) { trouble.textContent = error.message; }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function enrolCard(redraw) {
  const name = element("input", { required: "", maxlength: "80", dir: "auto" });
  const role = element("select", {}, element("option", { value: "unit" }, "Unit at a track"), element("option", { value: "display" }, "Display"));
  const trouble = element("p", { class: "trouble", role: "alert" });
  const form = element("form", {}, element("label", {}, "Name", name), element("label", {}, "Kind", role), trouble, buttons(element("button", { class: "main", type: "submit" }, "Make a token")));
  const made = card("Enrol", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    try {
      const issued = await post("/v1/admin/enrolments", { name: name.value, role: role.value });
      const { picture } = await post("/v1/desk/picture", { text: `${issued.address}/#${issued.token}` });
      made.replaceChildren(element("h2", {}, "Enrol ", nameElement(name.value)), element("img", { class: "qr", src: picture, alt: "QR code of the token below" }), element("p", { class: "secret" }, issued.token), element("p", { class: "muted" }, `Good once, for ${issued.life_s / 60} minutes. On the node type: pitboard enrol --config FILE --central ${issued.address} TOKEN`));
      await follow(made, issued.ticket, redraw);
    } catch (error) { trouble.textContent = error.message; }
  });
  return made;
}

async function follow(place, ticket, redraw) {
  let state = "open";
  while (place.isConnected && ["open", "claimed"].includes(state)) {
    state = (await post("/v1/admin/enrolments/watch", { ticket, after: state, wait_ms: 5000 })).state;
  }
  if (!place.isConnected) return;
  const seen = await post("/v1/admin/enrolments/watch", { ticket });
  if (seen.state !== "waiting") {
    place.append(element("p", { class: "trouble" }, seen.state === "expired" ? "Nobody used the token in time." : "The node refused: the digits differ."));
    return;
  }
  const decide = async (accept) => {
    await post("/v1/admin/enrolments/decide", { ticket, accept });
    redraw();
  };
  place.append(element("p", {}, "The node used the token. Does it show these digits?"), element("p", { class: "secret" }, seen.code), buttons(button("Yes, enrol it", () => decide(true), { class: "main" }), button("No", () => decide(false), { class: "danger" })));
}
