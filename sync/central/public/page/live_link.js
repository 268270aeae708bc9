// The live board, by a stream of what changed; where the stream is refused (too many phones), lost or held up on
// its way, by asking each second or two for what changed since. Whole boards come only on joining and after a miss.
// The server says something on a stream at least every 10 s, so a longer silence means a dead link.

import { changed } from "./live_board.js";
import { bodyOf, isChange, isLive, isTagged, parsed } from "./ours.js";

const SILENCE_MAX_MS = 25_000;
const WAKE_SILENCE_MAX_MS = 12_000;
const FIRST_WORD_MAX_MS = 8_000;
const LOOK_EVERY_MS = 5_000;
const ASK_MAX_MS = 8_000;
const ASK_EVERY_MS = 1_000; // and up to as much again, so that phones do not come together
const HIDDEN_EVERY_MS = 15_000;
const MISSED_MAX_MS = 2_000; // thousands may have missed the same
const STREAM_AGAIN_MS = 60_000;
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MAX_MS = 30_000;
const OLDER_MAX_MS = 30_000; // after that the server itself went back: an older copy of its journal was restored

export class LiveLink {
  #source = null;
  #heardMs = 0;
  #hasHeard = false; // on the stream
  #path = "/api/v1/live";
  #board = null;
  #tag = "";
  #at = 0; // how many records had arrived when this board was first so
  #olderSinceMs = 0;
  #asking = 0; // the timer of the next question
  #streamAgain = 0;
  #missed = 0; // the timer of a question for what was missed
  #backOffMs = BACK_OFF_FIRST_MS;

  constructor({ onBoard, onHeard, onState }) {
    this.onBoard = onBoard;
    this.onHeard = onHeard;
    this.onState = onState; // "live", "lost" or "offline"
  }

  start() {
    setInterval(() => this.#look(SILENCE_MAX_MS), LOOK_EVERY_MS);
    addEventListener("online", () => this.#open());
    addEventListener("offline", () => this.#lose());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    document.addEventListener("visibilitychange", () => (this.#asking && !document.hidden ? this.#askIn(0) : this.#look(WAKE_SILENCE_MAX_MS)));
    this.#open();
  }

  #open() {
    clearTimeout(this.#streamAgain);
    this.#streamAgain = 0;
    this.#source?.close();
    const source = new EventSource(this.#path + (this.#tag ? `${this.#path.includes("?") ? "&" : "?"}since=${this.#tag}` : ""));
    this.#source = source;
    this.#heardMs = Date.now();
    this.#hasHeard = false;
    source.addEventListener("board", (event) => {
      const board = parsed(event.data, isLive);
      if (board) this.#hear(() => this.#take(board));
    });
    source.addEventListener("change", (event) => {
      const change = parsed(event.data, isChange);
      if (change) this.#hear(() => this.#apply(change));
    });
    source.addEventListener("ping", (event) => {
      const told = parsed(event.data, isTagged)?.tag;
      this.#hear(() => told && told !== this.#tag && this.#catchUp(this.#board ? MISSED_MAX_MS * Math.random() : 0));
    });
    source.addEventListener("error", () => this.#lose());
  }

  #hear(take) {
    this.#heardMs = Date.now();
    this.#hasHeard = true;
    clearTimeout(this.#asking);
    this.#asking = 0;
    this.#answered(take);
  }

  #answered(take) {
    this.#backOffMs = BACK_OFF_FIRST_MS;
    this.onHeard(Date.now());
    this.onState("live");
    take?.();
  }

  #take({ tag, at = 0, ...board }) {
    if (this.#isOlder(tag, at)) return;
    this.#at = tag === this.#tag ? Math.max(this.#at, at) : at;
    this.#board = board;
    this.#tag = tag;
    this.onBoard(board);
  }

  // Another process may be behind the one that answered before.
  #isOlder(tag, at) {
    if (!this.#board || tag === this.#tag || at >= this.#at) {
      this.#olderSinceMs = 0;
      return false;
    }
    this.#olderSinceMs ||= Date.now();
    return Date.now() - this.#olderSinceMs < OLDER_MAX_MS;
  }

  #apply({ from, to, at, ...change }) {
    if (this.#board && from === this.#tag) this.#take({ ...changed(this.#board, change), tag: to, at });
    else if (to !== this.#tag) this.#catchUp(0); // something was missed, or another way was ahead
  }

  // A server in front tells changes and which board is the newest, never a whole one.
  #catchUp(waitMs) {
    clearTimeout(this.#missed);
    this.#missed = setTimeout(() => this.#fetchMissed().catch(() => this.#open()), waitMs);
  }

  async #fetchMissed() {
    return (this.#board && (await this.#askChange())) || this.#askWhole();
  }

  #lose() {
    this.#hasHeard = false;
    if (!this.#asking) this.onState(navigator.onLine ? "lost" : "offline");
    // The browser opens a lost stream again by itself, but not one that was refused.
    if (this.#source?.readyState === EventSource.CLOSED && !this.#streamAgain) {
      this.#streamAgain = setTimeout(() => this.#open(), STREAM_AGAIN_MS * (0.5 + Math.random()));
    }
    if (!this.#asking) this.#askIn(0);
  }

  #look(silenceMaxMs) {
    if (document.hidden || this.#asking) return;
    const silentMs = Date.now() - this.#heardMs;
    if (!this.#hasHeard && this.#source.readyState === EventSource.OPEN && silentMs > FIRST_WORD_MAX_MS) {
      this.#path = "/api/v1/live?plain=1"; // something on the way holds compressed words back
    } else if (silentMs < silenceMaxMs) {
      return;
    }
    this.#open();
    this.#askIn(0);
  }

  #askIn(waitMs) {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#ask(), waitMs);
  }

  async #ask() {
    const asked = this.#asking;
    let isAnswered = false;
    try {
      isAnswered = (this.#board && (await this.#askChange())) || (await this.#askWhole());
    } catch {
      if (!this.#hasHeard) this.onState(navigator.onLine ? "lost" : "offline");
    }
    if (this.#hasHeard || this.#asking !== asked) return; // the stream was faster
    if (!isAnswered) this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MAX_MS);
    const everyMs = document.hidden ? HIDDEN_EVERY_MS : isAnswered ? ASK_EVERY_MS : this.#backOffMs;
    this.#askIn(everyMs * (1 + Math.random()));
  }

  // Return whether what changed since the board that is here could be had.
  async #askChange() {
    const tag = this.#tag;
    const answer = await this.#fetch("/api/v1/live/since/" + tag);
    if (!answer.ok) return false;
    const change = await bodyOf(answer, (one) => isChange(one) && one.from === tag).catch(() => null);
    if (!change) return false; // not ours, as is nobody's; the whole board tells
    if (this.#tag === tag) this.#answered(() => this.#apply(change)); // else the stream was faster
    return true;
  }

  async #askWhole() {
    const answer = await this.#fetch("/api/v1/live/page");
    if (!answer.ok) throw new Error("not answered");
    const board = await bodyOf(answer, isLive);
    this.#answered(() => this.#take(board));
    return true;
  }

  #fetch(path) {
    return fetch(path, { cache: "no-store", signal: AbortSignal.timeout?.(ASK_MAX_MS) });
  }
}
