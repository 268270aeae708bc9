// Find competitors by part of the name: the server knows all, the last board serves when it cannot be asked.

import { bodyOf, isFound } from "./ours.js";
import { say } from "./say.js";

const PLAIN = { ı: "i", ø: "o", đ: "d", ð: "d", ł: "l", ħ: "h", ŧ: "t", æ: "ae", œ: "oe", þ: "th", ß: "ss" };
let asking = new AbortController();

export async function findCompetitors(query, entries) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const answer = await fetch("/api/v1/search?q=" + encodeURIComponent(query), {
      signal: AbortSignal.any ? AbortSignal.any([signal, AbortSignal.timeout(4_000)]) : signal,
    });
    if (answer.status === 400) return { results: [], found: 0, note: say("page.bad-search") };
    if (!answer.ok) throw new Error("not answered");
    const view = await bodyOf(answer, isFound);
    return { results: view.results.map((one) => one.entry ?? one), found: view.found, hasMore: !!view.has_more, note: "" };
  } catch {
    if (signal.aborted) return null; // somebody typed on
    return { ...findInBoard(query, entries), note: say("page.searched-last-board") };
  }
}

function findInBoard(query, entries) {
  const words = folded(query).split(" ");
  const results = entries.filter((entry) => {
    const name = folded(entry.name);
    return words.every((word) => name.includes(word));
  });
  return { results: results.slice(0, 50), found: results.length };
}

function folded(text) {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\p{M}\p{Cf}]/gu, "")
    .replace(/[ıøđðłħŧæœþß]/g, (sign) => PLAIN[sign])
    .trim()
    .replace(/\s+/g, " ");
}
