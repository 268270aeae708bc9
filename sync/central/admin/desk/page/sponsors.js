// Sponsors: their pictures on every display. A picture is made small here and loses what a camera wrote into it.

import { ask, post } from "./api.js";
import { element, nameElement } from "./elements.js";
import { askForm, tellSentence } from "./form_dialog.js";
import { forgetTrouble, tellTrouble } from "./meanwhile.js";
import { button, buttons, card, list } from "./pieces.js";
import { say } from "./say.js";

const LONG_SIDE_MAX_PX = 1_920;
const SMALLER = 0.75;

export async function sponsorsPage(redraw) {
  const seen = await ask("/v1/admin/sponsors");
  const items = seen.sponsors.map((one) => element("li", {},
    one.bytes === null ? element("span", { class: "sponsor muted" }, say("desk.not-whole-yet")) : element("img", { class: "sponsor", src: `/v1/admin/sponsors/${encodeURIComponent(one.sponsor_id)}/picture?${one.picture.slice(0, 8)}`, alt: "" }),
    element("span", { class: "grow" }, nameElement(one.name), " ", element("span", { class: "muted" }, one.bytes === null ? "" : kib(one.bytes))),
    button(say("desk.take-away"), () => askForm({ title: say("desk.take-name-away", { name: one.name }), note: say("desk.the-displays-show-it-no-more"), label: say("desk.take-away"), isDanger: true, seen: { name: one.name, picture: one.picture }, send: async (_, seen) => (await post("/v1/admin/sponsors/remove", { sponsor_id: one.sponsor_id, seen })).sentence, onDone: redraw }), { class: "danger" })));
  return { isWide: true, parts: [card(say("desk.sponsors"), list(items, say("desk.no-picture-was-sent-yet"))), sendCard(seen, redraw)] };
}

const kib = (bytes) => `${Math.ceil(bytes / 1_024)} KiB`;

function sendCard(seen, redraw) {
  const name = element("input", { required: "", maxlength: "80", autocomplete: "off", dir: "auto" });
  const file = element("input", { type: "file", accept: "image/*", required: "" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const go = element("button", { class: "main", type: "submit" }, say("desk.show-it-on-the-displays"));
  const form = element("form", { method: "dialog" },
    element("label", {}, say("desk.name"), element("small", {}, say("desk.who-is-there-already-gets-the-new")), name),
    element("label", {}, say("desk.picture"), element("small", {}, say("desk.a-logo-is-best-as-png-every")), file),
    trouble, buttons(go));
  let told = null; // what somebody else sent meanwhile, once that was said
  name.addEventListener("change", () => { told = null; });
  const pictureNow = () => seen.sponsors.find((one) => one.name.toLocaleLowerCase() === name.value.trim().toLocaleLowerCase())?.picture ?? null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    forgetTrouble(trouble);
    try {
      const content = await madeSmall(file.files[0], seen.picture_max_bytes);
      tellSentence((await post("/v1/admin/sponsors", { name: name.value, content, seen: told ?? { picture: pictureNow() } })).sentence);
      redraw();
    } catch (error) {
      const now = tellTrouble(error, trouble, go, { fields: [{ name: "picture", label: say("desk.picture"), text: (hash) => hash.slice(0, 8) }] });
      if (error.changed) told = now;
    }
    go.disabled = false;
  });
  const made = card(say("desk.send-a-picture"), form);
  made.append(element("p", { class: "muted" }, say("desk.size-of-pictures-can-still-be-sent", { size: kib(seen.bytes_left) })));
  return made;
}

// Return the picture in base64: drawn anew, as PNG where that fits, else as JPEG on white, else smaller.
async function madeSmall(file, maxBytes) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(say("desk.this-file-is-no-picture-that-your"));
  }
  let scale = Math.min(1, LONG_SIDE_MAX_PX / Math.max(picture.width, picture.height));
  for (;;) {
    const canvas = element("canvas", { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const asPng = await blobOf(canvas, "image/png");
    if (asPng.size <= maxBytes) return inBase64(asPng);
    pen.globalCompositeOperation = "destination-over";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const asJpeg = await blobOf(canvas, "image/jpeg");
    if (asJpeg.size <= maxBytes) return inBase64(asJpeg);
    scale *= SMALLER;
  }
}

const blobOf = (canvas, type) => new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(say("desk.the-picture-could-not-be-drawn-take")))), type, 0.85));

async function inBase64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const one of bytes) text += String.fromCharCode(one);
  return btoa(text);
}
