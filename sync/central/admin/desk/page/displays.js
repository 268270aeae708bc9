// Displays: what each shows, or all of them, and sentences for the hall.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, formCard } from "./form_dialog.js";
import { button, buttons, card, list, tag, whenText } from "./pieces.js";

const ALL = "all";
const steer = async (word) => (await post("/v1/admin/displays", word)).sentence;

export async function displaysPage(redraw) {
  const [seen, rules] = await Promise.all([ask("/v1/admin/displays"), ask("/v1/admin/rules")]);
  const items = seen.displays.map((one) => displayItem(one, seen, rules, redraw));
  const all = { display: ALL, name: "All displays", assigned: seen.venue, is_enrolled: true };
  const displays = card("Displays", list([displayItem(all, seen, rules, redraw), ...items], ""));
  if (!items.length) displays.append(element("p", { class: "muted" }, "No display is enrolled yet; Units has the way. One that follows without being enrolled obeys what is said to all, and to its name."));
  return { isWide: true, parts: [displays, element("div", { class: "column" }, messagesCard(seen, redraw), tellCard(seen, redraw))] };
}

function displayItem(one, seen, rules, redraw) {
  const said = one.assigned;
  const words = said ? [said.playlist?.map((item) => `${item.scene} ${item.seconds ?? 15} s`).join(", ") || "its usual round", said.track && `track ${said.track}`, said.race_class && `class ${said.race_class}`, said.brightness_percent && said.brightness_percent < 100 && `${said.brightness_percent} % bright`].filter(Boolean).join(" · ") : one.display === ALL ? "nothing said to all" : "its usual round";
  const isDark = said?.is_on === false;
  return element("li", {},
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, words)),
    ...(one.is_enrolled ? [] : [tag("not enrolled")]), ...(isDark ? [tag("dark", { class: "tag warn" })] : []),
    buttons(
      button("Show", () => askShow(one, seen, rules, redraw)),
      button("Identify", () => act({ display: one.display, playlist: [{ scene: "identify", seconds: 30 }] }, `Show the name on ${one.name}`, "It shows its name until it is told something else.", redraw)),
      button(isDark ? "Light" : "Dark", () => act({ display: one.display, is_on: isDark }, `${isDark ? "Light" : "Darken"} ${one.name}`, "", redraw)),
      button("Restart", () => act({ display: one.display, restart: true }, `Start ${one.name} anew`, "Its program ends and begins again.", redraw))));
}

const act = (word, title, note, redraw) => askForm({ title, note, label: "Do it", send: () => steer(word), onDone: redraw });

function askShow(one, seen, rules, redraw) {
  const said = one.assigned;
  const scenes = said?.playlist?.map((item) => `${item.scene}:${item.seconds ?? 15}`).join(" ") ?? "";
  askForm({
    title: `What ${one.name} shows`,
    label: "Show it",
    fields: [
      { name: "scene", label: "Scene", options: [["", "Its usual round"], ["several", "Several in turn, as below"], ...seen.scenes.map((scene) => [scene, scene])], value: said?.playlist?.length > 1 ? "several" : said?.playlist?.[0]?.scene ?? "" },
      { name: "several", label: "Several in turn", hint: "Scene and seconds, such as leaderboard:40 qr:10.", value: said?.playlist?.length > 1 ? scenes : "", required: false, maxlength: 400 },
      { name: "track", label: "Track", hint: "Empty for all.", value: said?.track, required: false },
      { name: "race_class", label: "Class", options: [["", "All"], ...rules.classes.map((each) => [each.race_class, each.name])], value: said?.race_class ?? "" },
      { name: "brightness_percent", label: "Brightness in percent", type: "number", value: said?.brightness_percent ?? 100 },
    ],
    send: ({ scene, several, ...rest }) => steer({ display: one.display, playlist: playlistOf(scene, several), ...rest }),
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
    element("span", { class: "muted" }, one.until_utc_ms ? `until ${whenText(one.until_utc_ms)}` : "until it is taken away"),
    button("Take away", () => askForm({ title: "Take the message away", note: one.text, label: "Take away", send: async () => (await post("/v1/admin/messages/remove", { message_id: one.message_id })).sentence, onDone: redraw }))));
  return card("Messages", list(items, "No message stands."));
}

function tellCard(seen, redraw) {
  const where = [["", "All displays"], ...seen.displays.map((one) => [one.display, one.name])];
  return formCard("Say something to the hall", [
    { name: "text", label: "Message", maxlength: 280 },
    { name: "display", label: "Where", options: where },
    { name: "minutes", label: "For how many minutes", hint: "0 until it is taken away.", type: "number", value: 10 },
  ], "Show the message", async ({ text, display, minutes }) => {
    const until_utc_ms = minutes > 0 ? Date.now() + Math.round(minutes * 60_000) : 0;
    const { sentence } = await post("/v1/admin/messages", { text, displays: display ? [display] : [], until_utc_ms });
    redraw();
    return sentence;
  });
}
