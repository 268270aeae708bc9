// What is shown: the board of all, of one track or class, or a stage. No choice where there is nothing to choose.

import { byId, element } from "./elements.js";
import { say } from "./say.js";

export class BoardFilter {
  track = "";
  raceClass = "";
  stage = "";
  #known = "";

  constructor(onChange) {
    for (const [id, name] of [["by-track", "track"], ["by-class", "raceClass"], ["by-stage", "stage"]]) {
      byId(id).addEventListener("change", (event) => {
        this[name] = event.target.value;
        onChange();
      });
    }
  }

  get isOn() {
    return !!(this.track || this.raceClass || this.stage);
  }

  // What the API is asked besides.
  get query() {
    const asked = new URLSearchParams();
    if (this.track) asked.set("track", this.track);
    if (this.raceClass) asked.set("race_class", this.raceClass);
    const text = asked.toString();
    return text && "&" + text;
  }

  // Offer what there is; a choice that is gone is given up.
  offer({ tracks, classes, stages = [] }) {
    const known = JSON.stringify([tracks, classes, stages]);
    if (known === this.#known) return;
    this.#known = known;
    this.track = fill(byId("by-track"), tracks.length > 1 ? tracks.map((one) => [one, one]) : [], say("page.all-tracks"), this.track);
    this.raceClass = fill(byId("by-class"), classes.map((one) => [one.race_class, one.name]), say("page.all-classes"), this.raceClass);
    this.stage = fill(byId("by-stage"), stages.map((one) => [one.stage_id, one.name]), say("page.standings"), this.stage);
  }
}

function fill(select, choices, all, chosen) {
  select.hidden = !choices.length;
  select.replaceChildren(...[["", all], ...choices].map(([value, text]) => element("option", { value }, text)));
  select.value = choices.some(([value]) => value === chosen) ? chosen : "";
  return select.value;
}
