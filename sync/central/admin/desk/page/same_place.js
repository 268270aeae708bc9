// Whoever works by keyboard stays where they were: a page that is drawn anew has new elements in the old places.

const CONTROLS = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, summary";
const ROWS = "li, tr";
let last = null; // what had the focus last in the page: a button that is out of use for a moment loses it

const typed = new WeakSet(); // forms that somebody wrote in
const sent = new WeakSet(); // those of them that went out as they are

export function watchPlace(root) {
  root.addEventListener("focusin", (event) => (last = event.target));
  root.addEventListener("input", ({ target: { form } }) => form && typed.add(form) && sent.delete(form));
  root.addEventListener("submit", (event) => sent.add(event.target), true);
}

// Return the forms with what was typed and not taken yet: nobody writes it twice because of another act.
export function typedForms(root) {
  return formsOf(root).filter(([, one]) => typed.has(one) && (!sent.has(one) || one.querySelector(".trouble:not(:empty)")));
}

// Put each in the place of its empty twin. The form itself stays: it knows what it was read from.
export function putBack(root, forms) {
  for (const [title, form] of forms) formsOf(root).find(([other]) => other === title)?.[1].replaceWith(form);
}

const formsOf = (root) => [...root.querySelectorAll("form")].map((one) => [titleOf(one), one]);

const titleOf = (form) => form.closest(".card")?.querySelector("h2")?.textContent ?? "";

export function forgetFocus() {
  last = null;
}

export function focusWhereItWas(root) {
  (last?.isConnected ? last : root).focus({ preventScroll: true });
}

// Return where the focus is in the page, or was before nothing had it; null where it is outside.
export function focusedPlace(root) {
  const active = document.activeElement;
  const one = root.contains(active) ? active : active === document.body ? last : null;
  if (!one || one === root || !root.contains(one)) return null;
  const alike = controlsOf(root, (other) => labelOf(other) === labelOf(one));
  const top = one.getBoundingClientRect().top;
  return { label: labelOf(one), row: rowOf(one), number: alike.indexOf(one), count: alike.length, path: pathOf(root, one), top };
}

// Give the focus to what stands there now, at the same height of the window.
export function focusAgain(root, place) {
  const one = sameAs(root, place);
  (one ?? root).focus({ preventScroll: true });
  if (one) window.scrollBy(0, one.getBoundingClientRect().top - place.top);
}

// The same control of the same row, or what the row has in its place, or the same control of a row that reads
// otherwise now, or whatever took the place.
function sameAs(root, place) {
  const ofRow = place.row ? controlsOf(root, (one) => rowOf(one) === place.row) : [];
  const alike = controlsOf(root, (one) => labelOf(one) === place.label);
  return (
    ofRow.find((one) => labelOf(one) === place.label) ??
    ofRow.at(-1) ??
    (alike.length === place.count ? alike[place.number] : undefined) ??
    along(root, place.path)
  );
}

const controlsOf = (root, isWanted) => [...root.querySelectorAll(CONTROLS)].filter(isWanted);

const labelOf = (one) => one.getAttribute("aria-label") ?? (one.closest("label") ?? one).textContent;

// What a row says, without its controls.
function rowOf(one) {
  const row = one.closest(ROWS)?.cloneNode(true);
  row?.querySelectorAll("button, input, select").forEach((control) => control.remove());
  return row?.textContent.trim() ?? "";
}

function pathOf(root, one) {
  const path = [];
  for (let here = one; here !== root; here = here.parentElement) path.unshift([...here.parentElement.children].indexOf(here));
  return path;
}

function along(root, path) {
  let here = root;
  for (const index of path) here = here.children[index] ?? here.lastElementChild ?? here;
  for (; here !== root; here = here.parentElement) {
    const found = here.matches(CONTROLS) ? here : here.querySelector(CONTROLS);
    if (found) return found;
  }
  return undefined;
}
