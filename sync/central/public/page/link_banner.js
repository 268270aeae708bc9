// Says whether the board is live, and if not, how old it is and why. The only part that screen readers announce.

import { byId, element, setText } from "./elements.js";
import { language, say } from "./say.js";
import { ageText, clockText } from "./time_text.js";

const PATIENCE_MS = 3_000; // a short hiccup is not worth a word
const WORDS = { live: "page.link.live", slow: "page.link.slow", waiting: "page.link.waiting", lost: "page.link.lost", offline: "page.link.offline" };
const REASONS = { offline: "page.why.offline", lost: "page.why.lost", waiting: "page.why.waiting" };

const isGood = (state) => state === "live" || state === "slow";

export class LinkBanner {
  #state = "waiting";
  #sinceMs = Date.now();
  #heardMs = 0;
  #reason = element("span");
  #age = element("span", { "aria-live": "off" });

  constructor() {
    setInterval(() => this.draw(), 1_000);
  }

  setHeard(utcMs) {
    this.#heardMs = utcMs;
  }

  setState(state) {
    if (state === this.#state) return;
    if (isGood(this.#state) || isGood(state)) this.#sinceMs = Date.now();
    this.#state = state;
    this.draw();
  }

  draw() {
    const isPatient = this.#state !== "offline" && Date.now() - this.#sinceMs < PATIENCE_MS;
    const shown = isPatient && this.#state === "lost" ? "waiting" : this.#state;
    const link = byId("link");
    link.dataset.state = shown;
    document.body.classList.toggle("stale", shown === "lost" || shown === "offline");
    setText(byId("track-title"), say(shown === "lost" || shown === "offline" ? "page.last-on-track" : "page.on-track"));
    setText(link, say(WORDS[shown]));
    const banner = byId("banner");
    if (isGood(this.#state) || isPatient) {
      banner.replaceChildren();
      return;
    }
    setText(this.#reason, say(REASONS[this.#state]));
    setText(this.#age, " " + (this.#heardMs ? say("page.board-from", { moment: this.#moment() }) : say("page.no-board-kept")));
    if (!banner.firstChild) banner.append(this.#reason, this.#age);
  }

  #moment() {
    const ageMs = Date.now() - this.#heardMs;
    const day = ageMs > 43_200_000 ? new Date(this.#heardMs).toLocaleDateString(language) + " " : "";
    return `${day}${clockText(this.#heardMs)}, ${ageText(ageMs)}`;
  }
}
