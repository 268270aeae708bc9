// The live stream, opened again whenever it is lost: after sleep, a dead network, a restart of the server.
// The server says something at least every 10 s, so a longer silence means a dead link. Where the stream is
// refused (too many phones) or held up on its way, the board is asked for instead, now and then.

import { bodyOf, isBoard, parsed } from "./ours.js";

const SILENCE_MAX_MS = 25_000;
const WAKE_SILENCE_MAX_MS = 12_000;
const FIRST_WORD_MAX_MS = 8_000;
const LOOK_EVERY_MS = 5_000;
const ASK_MAX_MS = 8_000;
const BACK_OFF_FIRST_MS = 2_000;
const BACK_OFF_MAX_MS = 30_000;

export class LiveLink {
  #source = null;
  #heardMs = 0;
  #hasHeard = false;
  #path = "/api/v1/live";
  #backOffMs = BACK_OFF_FIRST_MS;
  #timer = 0;

  constructor({ onBoard, onHeard, onState }) {
    this.onBoard = onBoard;
    this.onHeard = onHeard;
    this.onState = onState; // "live", "slow", "lost" or "offline"
  }

  start() {
    setInterval(() => this.#look(SILENCE_MAX_MS), LOOK_EVERY_MS);
    addEventListener("online", () => this.#open());
    addEventListener("offline", () => this.#lose());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    document.addEventListener("visibilitychange", () => this.#look(WAKE_SILENCE_MAX_MS));
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#source?.close();
    const source = new EventSource(this.#path);
    this.#source = source;
    this.#heardMs = Date.now();
    this.#hasHeard = false;
    source.addEventListener("board", (event) => {
      const board = parsed(event.data, isBoard);
      if (!board) return;
      this.#hear();
      this.onBoard(board);
    });
    source.addEventListener("ping", () => this.#hear());
    source.addEventListener("error", () => this.#lose());
  }

  #hear() {
    this.#heardMs = Date.now();
    this.#hasHeard = true;
    this.#backOffMs = BACK_OFF_FIRST_MS;
    this.onHeard(this.#heardMs);
    this.onState("live");
  }

  #lose() {
    this.#hasHeard = false;
    this.onState(navigator.onLine ? "lost" : "offline");
    // The browser tries again by itself unless it was refused; a little chance keeps phones from coming at once.
    if (this.#source?.readyState === EventSource.CLOSED && !this.#timer) {
      this.#timer = setTimeout(() => this.#open(), this.#backOffMs * (0.5 + Math.random()));
      this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MAX_MS);
      this.#ask();
    }
  }

  #look(silenceMaxMs) {
    if (document.hidden || this.#timer) return;
    const silentMs = Date.now() - this.#heardMs;
    if (!this.#hasHeard && this.#source.readyState === EventSource.OPEN && silentMs > FIRST_WORD_MAX_MS) {
      this.#path = "/api/v1/live?plain=1"; // something on the way holds compressed words back
    } else if (silentMs < silenceMaxMs) {
      return;
    }
    this.onState(navigator.onLine ? "lost" : "offline");
    this.#open();
    this.#ask();
  }

  async #ask() {
    try {
      const answer = await fetch("/api/v1/board?count=100", { signal: AbortSignal.timeout?.(ASK_MAX_MS) });
      if (!answer.ok) return;
      const board = await bodyOf(answer, isBoard);
      if (this.#hasHeard) return; // the stream was faster
      this.onHeard(Date.now());
      this.onState("slow");
      this.onBoard(board);
    } catch {
      // Lost is what the state says already.
    }
  }
}
