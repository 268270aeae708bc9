// Timing without a unit: find or register who drove, type or stop the times, and the run counts.

import { randomId } from "./act_dialog.js";
import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, fieldInput, fieldLabel, tellSentence } from "./form_dialog.js";
import { bestMarks, button, buttons, card, list, phaseTag, resultOf } from "./pieces.js";
import { contactTrouble, sealContact } from "./seal.js";
import { say } from "./say.js";

const ENDINGS = [["finished", say("desk.finished-2")], ["did-not-finish", say("desk.did-not-finish-2")], ["did-not-start", say("desk.did-not-start-2")], ["disqualified", say("desk.disqualified-2")]];
const SEARCH_AFTER_MS = 200;

export async function timingPage() {
  const home = await ask("/v1/timing/home");
  const newest = element("section", { class: "card" });
  const refresh = async () => showNewest(newest, (await ask("/v1/timing/home")).newest, home, refresh);
  showNewest(newest, home.newest, home, refresh);
  return { event: home.event, isWide: true, parts: [runCard(home, refresh), newest] };
}

function runCard(home, refresh) {
  let person = null;
  let form = randomId();
  const who = element("div", {});
  const track = fieldInput({ value: home.tracks[0] });
  const known = element("datalist", { id: "tracks" }, ...home.tracks.map((one) => element("option", { value: one })));
  track.setAttribute("list", "tracks");
  const stage = fieldInput({ options: [["", say("desk.none-2")], ...home.stages] });
  const laps = element("ol", { class: "list", "aria-label": say("desk.times") });
  const ending = fieldInput({ options: ENDINGS });
  const short = fieldInput({ type: "checkbox" });
  const shortLabel = fieldLabel({ label: say("desk.the-short-lap-is-right"), type: "checkbox" }, short);
  const email = fieldInput({ type: "email", required: false, maxlength: 254 });
  const phone = fieldInput({ type: "tel", required: false, maxlength: 32 });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const choose = (one) => {
    person = one;
    showPerson(who, person, home, choose);
    (person === null ? who : laps).querySelector("input")?.focus({ preventScroll: person === null });
  };
  const clear = () => {
    form = randomId();
    laps.replaceChildren(lapLine(laps));
    [email, phone].forEach((input) => { input.value = ""; });
    short.checked = false;
    shortLabel.hidden = true;
    ending.value = "finished";
    choose(null);
  };
  const save = element("button", { class: "main", type: "submit" }, say("desk.save-the-run"));
  const contact = home.contact_key
    ? [element("fieldset", {}, element("legend", {}, say("desk.contact")), element("p", { class: "muted" }, say("desk.as-one-likes-for-the-winners-it")), fieldLabel({ label: say("desk.e-mail") }, email), fieldLabel({ label: say("desk.telephone") }, phone))]
    : [];
  const whole = element("form", { method: "dialog" }, who, known, fieldLabel({ label: say("desk.track") }, track), ...(home.stages.length ? [fieldLabel({ label: say("desk.stage") }, stage)] : []),
    element("h3", {}, say("desk.times")), element("p", { class: "muted" }, say("desk.of-each-lap-like-12-345-or")),
    stopwatch(laps), laps, buttons(button(say("desk.add-a-lap"), () => laps.append(lapLine(laps)))), fieldLabel({ label: say("desk.it-ended") }, ending), ...contact, shortLabel, trouble, buttons(save));
  whole.addEventListener("submit", async (event) => {
    event.preventDefault();
    save.disabled = true;
    trouble.textContent = "";
    try {
      tellSentence(await saveRun());
      clear();
      await refresh();
    } catch (error) {
      trouble.textContent = error.message;
      if (error.code === "short-lap") shortLabel.hidden = false;
    }
    save.disabled = false;
  });
  async function saveRun() {
    if (person === null) throw new Error(say("desk.say-who-drove"));
    const wrong = contactTrouble(email.value.trim(), phone.value.trim());
    if (wrong) throw new Error(wrong);
    const typed = [...laps.children].map((line) => [...line.querySelectorAll("input")].map((input) => input.value.trim())).filter(([time]) => time);
    const body = { act_id: form, competitor_id: person.competitor_id, track: track.value, laps: typed.map(([time, off]) => ({ time, off_tracks: Number(off) || 0 })), status: ending.value, short_is_right: short.checked, stage_id: stage.value };
    const { sentence } = await post("/v1/timing/runs", body);
    if (!email.value.trim() && !phone.value.trim()) return sentence;
    const sealed = await sealContact({ email: email.value.trim(), phone: phone.value.trim() }, { contactKey: home.contact_key, eventKey: home.event_key, competitor: person.competitor_id });
    await post("/v1/timing/contacts", { competitor_id: person.competitor_id, contact_key: home.contact_key, sealed });
    return say("desk.sentence-the-contact-is-kept-sealed", { sentence });
  }
  clear();
  return card(say("desk.time-a-run"), whole);
}

function lapLine(laps, time = "") {
  const input = element("input", { inputmode: "decimal", autocomplete: "off", "aria-label": say("desk.time-of-the-lap"), placeholder: "12.345", maxlength: "40" });
  const off = element("input", { type: "number", min: "0", max: "20", "aria-label": say("desk.how-often-off-the-track"), placeholder: say("desk.off-track") });
  input.value = time;
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || (!input.value && line.previousElementSibling)) return;
    event.preventDefault();
    const next = line.nextElementSibling ?? laps.appendChild(lapLine(laps));
    next.querySelector("input").focus();
  });
  const line = element("li", { class: "lap" }, element("span", { class: "muted" }, say("desk.lap")), input, off, button(say("desk.remove"), () => line.remove()));
  return line;
}

// By the browser's steady clock; every press is one end of a lap.
function stopwatch(laps) {
  let last = null;
  const press = (label) => {
    const now = performance.now();
    if (last !== null) {
      const open = [...laps.children].find((line) => !line.querySelector("input").value);
      const line = open ?? laps.appendChild(lapLine(laps));
      line.querySelector("input").value = ((now - last) / 1000).toFixed(3);
    }
    last = label === "stop" ? null : now;
    start.textContent = last === null ? say("desk.start-the-stopwatch") : say("desk.lap");
    stop.hidden = last === null;
  };
  const start = button(say("desk.start-the-stopwatch"), () => press("lap"), { class: "big" });
  const stop = button(say("desk.lap-and-stop"), () => press("stop"), { class: "big" });
  stop.hidden = true;
  return buttons(start, stop);
}

function showPerson(who, person, home, choose) {
  if (person !== null) {
    who.replaceChildren(element("p", { class: "picked big" }, nameElement(person.name), element("span", { class: "muted" }, [person.number && say("desk.no-number", { number: person.number }), person.race_class].filter(Boolean).join(", ")), button(say("desk.another-one"), () => choose(null))));
    return;
  }
  const query = element("input", { "data-first": "", type: "search", autocomplete: "off", dir: "auto", maxlength: "80" });
  const found = element("ul", { class: "list", "aria-live": "polite" });
  let waiting = 0;
  const look = async () => {
    const asked = query.value.trim();
    const people = asked ? (await ask("/v1/timing/search?q=" + encodeURIComponent(asked))).people : [];
    if (asked !== query.value.trim()) return;
    const items = people.slice(0, 8).map((one) => element("li", {}, element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, [one.number && say("desk.no-number", { number: one.number }), one.race_class].filter(Boolean).join(", "))), button(say("desk.choose"), () => choose(one))));
    const fresh = asked ? [element("li", {}, element("span", { class: "grow" }, say("desk.not-in-the-list")), button(say("desk.register"), () => askRegister(asked, home, choose)))] : [];
    found.replaceChildren(...items, ...fresh);
  };
  query.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => look().catch((error) => found.replaceChildren(element("li", { class: "trouble" }, error.message))), SEARCH_AFTER_MS);
  });
  query.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    window.clearTimeout(waiting);
    await look().catch(() => {});
    found.querySelector("button")?.click();
  });
  who.replaceChildren(fieldLabel({ label: say("desk.who-drove"), hint: say("desk.part-of-the-name-or-the-number") }, query), found);
}

function askRegister(typed, home, choose) {
  const act_id = randomId();
  const classes = home.classes.length ? { options: [["", say("desk.none-2")], ...home.classes] } : { required: false };
  let made = null;
  askForm({
    title: say("desk.register-a-competitor"),
    label: say("desk.register"),
    fields: [{ name: "name", label: say("desk.name"), value: typed }, { name: "number", label: say("desk.number"), required: false }, { name: "race_class", label: say("desk.class"), ...classes }, { name: "team", label: say("desk.team"), required: false }],
    send: async (values) => { made = await post("/v1/timing/competitors", { act_id, ...values }); },
    onDone: () => choose(made),
  });
}

function showNewest(place, runs, home, refresh) {
  const items = runs.map((run) => element("li", {},
    element("span", { class: "grow" }, nameElement(run.name || say("desk.nobody-2")), " ", element("span", { class: "muted" }, say("desk.track-track-counting-of-laps-laps-count", { track: run.track, counting: run.laps.filter((lap) => lap.counts).length, laps: run.laps.length }))),
    phaseTag(run.phase), element("span", { class: "time" }, resultOf(run.best_ns, bestMarks(run.laps, run.best_ns), home.event)),
    ...(run.phase === "discarded" ? [] : [button(say("desk.timing-take-back"), () => askBack(run, refresh))])));
  place.replaceChildren(element("h2", {}, say("desk.timed-here")), list(items, say("desk.no-run-was-typed-yet")));
}

function askBack(run, refresh) {
  askForm({
    title: say("desk.take-the-run-back"),
    note: say("desk.it-stays-in-the-journal-and-counts"),
    label: say("desk.timing-take-back"),
    isDanger: true,
    fields: [{ name: "reason", label: say("desk.reason"), hint: say("desk.kept-for-ever-name-nobody-in-it"), maxlength: 400 }],
    send: async ({ reason }) => (await post("/v1/timing/take-back", { run_id: run.run_id, reason })).sentence,
    onDone: refresh,
  });
}
