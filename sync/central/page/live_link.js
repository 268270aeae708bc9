// The live stream, opened again whenever it is lost: after sleep, a dead network, a restart of the server.
// The server says something at least every 10 s, so a longer silence means a dead link.

const SILENCE_MAX_MS = 25_000;
const LOOK_EVERY_MS = 5_000;
const BACK_OFF_FIRST_MS = 2_000;
const BACK_OFF_MAX_MS = 30_000;

export class LiveLink {
  #source = null;
  #heardMs = 0;
  #backOffMs = BACK_OFF_FIRST_MS;
  #timer = 0;

  constructor({ onBoard, onHeard, onState }) {
    this.onBoard = onBoard;
    this.onHeard = onHeard;
    this.onState = onState; // "live", "lost" or "offline"
  }

  start() {
    setInterval(() => this.#look(), LOOK_EVERY_MS);
    addEventListener("online", () => this.#open());
    addEventListener("offline", () => this.#lose());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    document.addEventListener("visibilitychange", () => this.#look());
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#source?.close();
    const source = new EventSource("/api/v1/live");
    this.#source = source;
    this.#heardMs = Date.now();
    source.addEventListener("board", (event) => {
      this.#hear();
      this.onBoard(JSON.parse(event.data));
    });
    source.addEventListener("ping", () => this.#hear());
    source.addEventListener("error", () => this.#lose());
  }

  #hear() {
    this.#heardMs = Date.now();
    this.#backOffMs = BACK_OFF_FIRST_MS;
    this.onHeard(this.#heardMs);
    this.onState("live");
  }

  #lose() {
    this.onState(navigator.onLine ? "lost" : "offline");
    // The browser tries again by itself unless it was refused; a little chance keeps phones from coming at once.
    if (this.#source?.readyState === EventSource.CLOSED && !this.#timer) {
      this.#timer = setTimeout(() => this.#open(), this.#backOffMs * (0.5 + Math.random()));
      this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MAX_MS);
    }
  }

  #look() {
    if (document.hidden || Date.now() - this.#heardMs < SILENCE_MAX_MS || this.#timer) return;
    this.onState(navigator.onLine ? "lost" : "offline");
    this.#open();
  }
}
