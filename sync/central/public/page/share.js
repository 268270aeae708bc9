// A link to a competitor that others can be sent: its preview names who, which place and which time.

import { element } from "./elements.js";
import { say } from "./say.js";

const SAID_MS = 3_000;

export const sharedPath = (competitor) => "/c/" + encodeURIComponent(competitor);

// Return whose link this page was opened by, or null.
export function sharedCompetitor() {
  return /^\/c\/([^/]+)$/.exec(location.pathname)?.[1] ?? null;
}

export function shareButton(view) {
  const button = element("button", { class: "share", type: "button" }, say("page.share"));
  button.addEventListener("click", async () => {
    const url = location.origin + sharedPath(view.competitor_id);
    try {
      if (navigator.share) await navigator.share({ title: view.name, url });
      else {
        await navigator.clipboard.writeText(url);
        told(button, say("page.link-copied"));
      }
    } catch (error) {
      if (error.name !== "AbortError") told(button, url); // nothing may be copied here: the link itself, to be typed
    }
  });
  return button;
}

function told(button, text) {
  button.textContent = text;
  setTimeout(() => (button.textContent = say("page.share")), SAID_MS);
}
