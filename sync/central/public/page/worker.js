// Keeps the page and the last answers on the phone, so that both are there without a network.
// The page is kept whole under its version. A competitor is asked for anew first; what was kept is marked as kept.
// The board itself is kept by the page.

const PAGE = "page-PAGE_VERSION";
const ANSWERS = "answers";
const ANSWERS_MAX_COUNT = 60;
const PATIENCE_MS = 4_000;
const SHELL = "/shell"; // the page without the rows of the moment
const FILES = [
  "/", "/board.css", "/icon.svg", "/manifest.webmanifest", "/app.js", "/board_filter.js", "/board_list.js", "/bracket.js", "/competitor_page.js", "/elements.js",
  "/fallback.js", "/kept.js", "/link_banner.js", "/live_board.js", "/live_link.js", "/name_search.js", "/ours.js", "/overtaken.js", "/result_text.js", "/run_clock.js",
  "/say.js", "/share.js", "/time_text.js",
  "/track_card.js", "/words.js",
];

addEventListener("install", (event) => {
  event.waitUntil(keepPage().then(() => skipWaiting()));
});

// Keep the whole page or nothing of it; the version in each answer says that it is ours, and of this page.
async function keepPage() {
  const answers = await Promise.all(FILES.map((file) => fetch(file === "/" ? SHELL : file, { cache: "no-cache" })));
  if (answers.some((answer) => !answer.ok || answer.headers.get("X-Page") !== PAGE)) throw new Error("not our page");
  const kept = await caches.open(PAGE);
  await Promise.all(FILES.map((file, index) => kept.put(file, answers[index])));
}

addEventListener("activate", (event) => {
  event.waitUntil(dropFormer().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (FILES.includes(url.pathname)) event.respondWith(fromPage(event.request, url.pathname));
  else if (url.pathname.startsWith("/api/v1/competitors/")) event.respondWith(fromApi(event));
  else if (url.pathname.startsWith("/c/")) event.respondWith(fetch(event.request).catch(() => fromPage(event.request, "/")));
});

async function dropFormer() {
  for (const name of await caches.keys()) {
    if (name !== PAGE && name !== ANSWERS) await caches.delete(name);
  }
}

async function fromPage(request, path) {
  const kept = await (await caches.open(PAGE)).match(path);
  return kept ?? fetch(request);
}

async function fromApi(event) {
  const answers = await caches.open(ANSWERS);
  try {
    const answer = await fetch(event.request, { signal: AbortSignal.timeout?.(PATIENCE_MS) });
    // 404 is ours where somebody was taken out; any other refusal, a portal's too, says less than what is kept.
    if (!answer.ok && answer.status !== 404) throw new Error("not answered");
    if (answer.ok) {
      if (answer.redirected || !isCompetitor(await answer.clone().text())) throw new Error("not ours");
      event.waitUntil(keep(answers, event.request, answer.clone()));
    }
    return answer;
  } catch (error) {
    const kept = await answers.match(event.request);
    if (!kept) throw error;
    return new Response(kept.body, { headers: { "Content-Type": "application/json", "X-Kept": "1" } });
  }
}

// A portal's page comes with 200 too; what was kept is worth more.
function isCompetitor(text) {
  try {
    const view = JSON.parse(text);
    return typeof view.competitor_id === "string" && Array.isArray(view.runs);
  } catch {
    return false;
  }
}

async function keep(answers, request, answer) {
  await answers.put(request, answer);
  const kept = await answers.keys();
  for (const old of kept.slice(0, Math.max(0, kept.length - ANSWERS_MAX_COUNT))) await answers.delete(old);
}
