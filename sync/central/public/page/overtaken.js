// Says when somebody whom this phone follows lost places: on the page, and as a notification where that is allowed.

import { byId, setText } from "./elements.js";
import { say } from "./say.js";

const SHOWN_MS = 12_000;
let timer = 0;

// Ask once, when somebody is followed: later nobody would know why.
export function askToNotify() {
  if (globalThis.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
}

// Return what to say of those followed, from two boards' entries by competitor.
export function lostPlaces(followed, before, now) {
  const lost = [];
  for (const [competitor, name] of followed) {
    const was = before.get(competitor)?.rank;
    const is = now.get(competitor)?.rank;
    if (was == null || is == null || is <= was) continue;
    const past = [...now.values()].find((one) => one.rank === is - 1 && (before.get(one.competitor_id)?.rank ?? Infinity) > was);
    lost.push(say(past ? "page.overtaken-by" : "page.overtaken", { name, rank: is, other: past?.name ?? "" }));
  }
  return lost;
}

export function tell(sentences) {
  if (!sentences.length) return;
  const text = sentences.join(" ");
  const news = byId("news");
  setText(news, text);
  clearTimeout(timer);
  timer = setTimeout(() => setText(news, ""), SHOWN_MS);
  if (document.hidden && globalThis.Notification?.permission === "granted") {
    navigator.serviceWorker?.ready.then((worker) => worker.showNotification(text, { tag: "overtaken", icon: "/icon-192.png" }));
  }
}
