// Displays: what each shows right now and shall show, or all of them, and sentences for the hall.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, list, tag, whenText } from "./pieces.js";
import { figure, knows, say } from "./say.js";

const ALL = "all";
const PICTURE_EVERY_MS = 3_000;
const sceneName = (scene) => (knows(`touch.scene-${scene}`) ? say(`touch.scene-${scene}`) : scene);
const steer = async (word, seen) => (await post("/v1/admin/displays", { ...word, seen })).sentence;
const playlistText = (items) => items.map((item) => `${sceneName(item.scene)} ${item.seconds ?? 15} s`).join(", ") || say("desk.its-usual-round");

export async function displaysPage(redraw) {
  const [seen, rules, watched] = await Promise.all([ask("/v1/admin/displays"), ask("/v1/admin/rules"), ask("/v1/admin/units/status")]);
  seen.displays = withSightings(seen.displays, watched.units);
  const items = seen.displays.map((one) => displayItem(one, seen, rules, redraw));
  const all = { display: ALL, name: say("desk.all-displays"), assigned: seen.venue, is_enrolled: true };
  const displays = card(say("desk.displays"), list([displayItem(all, seen, rules, redraw), ...items], ""));
  if (!items.length) displays.append(element("p", { class: "muted" }, say("desk.no-display-is-enrolled-yet-units-has")));
  return { isWide: true, parts: [displays, element("div", { class: "column" }, messagesCard(seen, redraw), tellCard(seen, redraw))] };
}

// Adds to each display how a unit of the venue saw it last, and those that only a unit saw.
function withSightings(displays, units) {
  const sightings = new Map();
  for (const unit of units) {
    for (const one of unit.status?.displays ?? []) {
      const sighting = { ...one, by: unit.name, agoMs: unit.age_ms + (one.ago_ms ?? 0), isHere: !unit.is_silent && !one.ago_ms };
      const known = sightings.get(one.key || one.name);
      if (!known || sighting.agoMs < known.agoMs) sightings.set(one.key || one.name, sighting);
    }
  }
  const shown = displays.map((one) => {
    const sighting = sightings.get(one.display) ?? [...sightings.values()].find((other) => other.name === one.name);
    if (sighting) sightings.delete(sighting.key || sighting.name);
    return { ...one, sighting };
  });
  const others = [...sightings].map(([display, sighting]) => ({ display, name: sighting.name, is_enrolled: false, assigned: null, sighting }));
  return [...shown, ...others];
}

function sightingText({ isHere, by, agoMs, scene, badge, is_live, has_screen, version, temperature_c }) {
  if (!isHere) return say("desk.display-does-not-answer", { who: by, moment: whenText(Date.now() - agoMs) });
  const warm = temperature_c == null ? "" : figure(`${temperature_c} °C`);
  const state = has_screen === false ? say("desk.no-screen") : is_live === false ? badge : say("desk.live");
  return [say("desk.who-sees-it", { who: by }), scene && say("desk.shows-scene", { scene: sceneName(scene) }), state, version && say("desk.version-number", { version }), warm].filter(Boolean).join(" · ");
}

// What it shows right now: asked again while the page is looked at, and no longer.
function pictureOf(one) {
  const image = element("img", { alt: say("desk.what-name-shows-now", { name: one.name }), hidden: "" });
  const says = element("span", { class: "muted" }, say("desk.asking-for-its-picture"));
  const frame = element("div", { class: "glass" }, image, says);
  const follow = async () => {
    let isAsked = true;
    while (isAsked) {
      if (!document.hidden) {
        try {
          const { picture, age_ms } = await ask(`/v1/admin/displays/picture?display=${encodeURIComponent(one.display)}`);
          image.src = `data:image/png;base64,${picture}`;
          says.textContent = age_ms > 8_000 ? say("desk.seconds-old", { seconds: Math.floor(age_ms / 1000) }) : "";
        } catch (error) {
          image.removeAttribute("src");
          says.textContent = error.message;
        }
        image.hidden = !image.hasAttribute("src");
      }
      await new Promise((done) => setTimeout(done, PICTURE_EVERY_MS));
      isAsked = frame.isConnected;
    }
  };
  follow();
  return frame;
}

function displayItem(one, seen, rules, redraw) {
  const said = one.assigned;
  const words = said ? [playlistText(said.playlist ?? []), said.track && say("desk.track-track", { track: said.track }), said.race_class && say("desk.class-name", { name: said.race_class }), said.brightness_percent && said.brightness_percent < 100 && say("desk.percent-bright", { percent: said.brightness_percent })].filter(Boolean).join(" · ") : one.display === ALL ? say("desk.nothing-said-to-all") : say("desk.its-usual-round");
  const isDark = said?.is_on === false;
  const sighting = one.sighting ? [element("div", { class: "muted" }, sightingText(one.sighting))] : [];
  const picture = one.is_enrolled && one.display !== ALL ? [pictureOf(one)] : [];
  return element("li", {}, ...picture,
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, words), ...sighting),
    ...(one.is_enrolled ? [] : [tag(say("desk.not-enrolled"))]), ...(isDark ? [tag(say("desk.dark"), { class: "tag warn" })] : []),
    buttons(
      button(say("desk.show"), () => askShow(one, seen, rules, redraw)),
      button(say("desk.identify"), () => act({ display: one.display, playlist: [{ scene: "identify", seconds: 30 }] }, say("desk.show-the-name-on-name", { name: one.name }), say("desk.it-shows-its-name-until-it-is"), redraw, { playlist: said?.playlist ?? [] })),
      button(isDark ? say("desk.displays-light") : say("desk.dark-2"), () => act({ display: one.display, is_on: isDark }, isDark ? say("desk.light-name", { name: one.name }) : say("desk.darken-name", { name: one.name }), "", redraw, { is_on: !isDark })),
      button(say("desk.restart"), () => act({ display: one.display, restart: true }, say("desk.start-name-anew", { name: one.name }), say("desk.its-program-ends-and-begins-again"), redraw))));
}

const act = (word, title, note, redraw, seen = null) => askForm({ title, note, label: say("desk.do-it"), fields: [], seen, send: (_, known) => steer(word, known), onDone: redraw });

function askShow(one, seen, rules, redraw) {
  const said = one.assigned;
  const scenes = said?.playlist?.map((item) => `${item.scene}:${item.seconds ?? 15}`).join(" ") ?? "";
  askForm({
    title: say("desk.what-name-shows", { name: one.name }),
    label: say("desk.show-it"),
    fields: [
      { name: "scene", label: say("desk.scene"), options: [["", say("desk.its-usual-round-2")], ["several", say("desk.several-in-turn-as-below")], ...seen.scenes.map((scene) => [scene, sceneName(scene)])], value: said?.playlist?.length > 1 ? "several" : said?.playlist?.[0]?.scene ?? "" },
      { name: "several", label: say("desk.several-in-turn"), hint: say("desk.scene-and-seconds-such-as-leaderboard-40"), value: said?.playlist?.length > 1 ? scenes : "", required: false, maxlength: 400 },
      { name: "track", label: say("desk.track"), hint: say("desk.empty-for-all"), value: said?.track, required: false },
      { name: "race_class", label: say("desk.class"), options: [["", say("desk.all")], ...rules.classes.map((each) => [each.race_class, each.name])], value: said?.race_class ?? "" },
      { name: "brightness_percent", label: say("desk.brightness-in-percent"), type: "number", value: said?.brightness_percent ?? 100 },
    ],
    seen: { playlist: said?.playlist ?? [], track: said?.track ?? "", race_class: said?.race_class ?? "", brightness_percent: said?.brightness_percent ?? 100 },
    more: [{ name: "playlist", label: say("desk.scene"), text: playlistText }],
    typed: ({ scene, several, ...rest }) => ({ playlist: playlistOf(scene, several), ...rest }),
    send: ({ scene, several, ...rest }, seen) => steer({ display: one.display, playlist: playlistOf(scene, several), ...rest }, seen),
    onDone: redraw,
  });
}

function playlistOf(scene, several) {
  if (scene !== "several") return scene ? [{ scene }] : [];
  return several.trim().split(/\s+/).filter(Boolean).map((text) => {
    const [name, seconds] = text.split(":");
    return seconds === undefined ? { scene: name } : { scene: name, seconds: Number(seconds) };
  });
}

function messagesCard(seen, redraw) {
  const items = seen.messages.map((one) => element("li", {},
    element("span", { class: "grow", dir: "auto" }, one.text),
    element("span", { class: "muted" }, one.until_utc_ms ? say("desk.until-moment", { moment: whenText(one.until_utc_ms) }) : say("desk.until-it-is-taken-away")),
    button(say("desk.take-away"), () => askForm({ title: say("desk.take-the-message-away"), note: one.text, label: say("desk.take-away"), send: async () => (await post("/v1/admin/messages/remove", { message_id: one.message_id })).sentence, onDone: redraw }))));
  return card(say("desk.messages"), list(items, say("desk.no-message-stands")));
}

function tellCard(seen, redraw) {
  const where = [["", say("desk.all-displays")], ...seen.displays.map((one) => [one.display, one.name])];
  return formCard(say("desk.say-something-to-the-hall"), [
    { name: "text", label: say("desk.message"), maxlength: 280 },
    { name: "display", label: say("desk.where"), options: where },
    { name: "minutes", label: say("desk.for-how-many-minutes"), hint: say("desk.0-until-it-is-taken-away"), type: "number", value: 10 },
  ], say("desk.show-the-message"), async ({ text, display, minutes }) => {
    const until_utc_ms = minutes > 0 ? Date.now() + Math.round(minutes * 60_000) : 0;
    const { sentence } = await post("/v1/admin/messages", { text, displays: display ? [display] : [], until_utc_ms });
    redraw();
    return sentence;
  });
}
