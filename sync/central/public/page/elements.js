// Make elements. Names of people are data: text goes in as text, never as markup.

export function element(tag, traits = {}, ...children) {
  const made = document.createElement(tag);
  for (const [trait, value] of Object.entries(traits)) {
    if (trait === "class") made.className = value;
    else made.setAttribute(trait, value);
  }
  made.append(...children);
  return made;
}

// A name keeps its own direction and does not turn what stands beside it.
export function nameElement(name) {
  return element("bdi", { class: "name", dir: "auto" }, name);
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export const byId = (id) => document.getElementById(id);
