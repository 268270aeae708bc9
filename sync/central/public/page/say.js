// The page's sentences, by their codes, in the phone's language. The catalogue is the one of every other screen.

import { WORDS } from "./words.js";

const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
const OTHERWISE = "en";

// The first of the phone's languages that we have.
function chosen() {
  const wanted = navigator.languages?.length ? navigator.languages : [navigator.language ?? ""];
  return wanted.map((one) => one.toLowerCase().split("-")[0]).find((one) => WORDS[one]) ?? OTHERWISE;
}

export const language = chosen();

const isRightToLeft = RIGHT_TO_LEFT.includes(language);

// What is read from left to right in any language: a sign and its figure, a figure and its measure.
export const figure = (text) => (isRightToLeft ? `\u2066${text}\u2069` : text);

// A sign before a figure; of "2 laps" it stands at the 2.
export const withSign = (sign, text) => text.replace(/^[\d:.]*/, (digits) => figure(sign + digits));

export const knows = (code) => code in (WORDS[language] ?? {}) || code in WORDS[OTHERWISE];

// Return the sentence of the code; `count` among the fields chooses the form, a field that is missing shows as "…".
// A field such as {why:port} is the rest of another sentence's code.
export function say(code, fields = {}) {
  const found = WORDS[language]?.[code] ?? WORDS[OTHERWISE][code] ?? code;
  const text = Array.isArray(found) ? found[fields.count === 1 ? 0 : 1] : found;
  return text.replace(/\{(\w+):?(\w*)\}/g, (_, name, of) => {
    const value = String(fields[name] ?? "…");
    return of && knows(`${of}.${value}`) ? say(`${of}.${value}`, fields) : value;
  });
}

// Say in the phone's language what stands in the page itself.
export function translatePage() {
  document.documentElement.lang = language;
  document.documentElement.dir = isRightToLeft ? "rtl" : "ltr";
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll("[data-say-hint]")) one.placeholder = say(one.dataset.sayHint);
  for (const one of document.querySelectorAll("[data-say-label]")) one.setAttribute("aria-label", say(one.dataset.sayLabel));
}
