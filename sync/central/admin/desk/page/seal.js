// Seal a contact in the page, so that nobody on the way and nobody at central reads it without the passphrase.
// HPKE (RFC 9180) in base mode, as pitboard/contacts/contact_seal.py has it.

import { encrypt } from "./chacha.js";
import { say } from "./say.js";

const PLAIN_BYTES = 352;
const EMAIL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])$/;
const PHONE = /^\+?[0-9(][0-9 ()/.-]*[0-9]$/;
const KEM = bytesOf("KEM\x00\x20");
const SUITE = bytesOf("HPKE\x00\x20\x00\x01\x00\x03");
const EMPTY = new Uint8Array();

// Says what is wrong with what was typed, or nothing.
export function contactTrouble(email, phone) {
  const digits = phone.replace(/\D/g, "").length;
  if (email && (!EMAIL.test(email) || email.length > 254 || email.indexOf("@") > 64)) return say("desk.this-is-no-e-mail-address");
  if (phone && (!PHONE.test(phone) || phone.length > 32 || digits < 5 || digits > 15)) return say("desk.this-is-no-telephone-number");
  return "";
}

export async function sealContact({ email, phone }, { contactKey, eventKey, competitor }) {
  const plain = new Uint8Array(PLAIN_BYTES).fill(32); // JSON may end in spaces
  plain.set(new TextEncoder().encode(JSON.stringify({ ...(email && { email }), ...(phone && { phone }) })));
  const info = joined(bytesOf("pitboard contact 1\0"), fromHex(eventKey), new TextEncoder().encode(competitor));
  const sealed = await sealTo(fromHex(contactKey), info, plain);
  plain.fill(0);
  return toHex(sealed);
}

async function sealTo(recipient, info, plain) {
  let own;
  try {
    own = await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
  } catch {
    throw new Error(say("desk.this-browser-cannot-seal-a-contact-take"));
  }
  const sender = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const theirs = await crypto.subtle.importKey("raw", recipient, { name: "X25519" }, false, []);
  const agreed = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, own.privateKey, 256));
  const drawn = await extract(KEM, EMPTY, "eae_prk", agreed);
  const shared = await expand(KEM, drawn, "shared_secret", joined(sender, recipient), 32);
  const context = joined(Uint8Array.of(0), await extract(SUITE, EMPTY, "psk_id_hash", EMPTY), await extract(SUITE, EMPTY, "info_hash", info));
  const secret = await extract(SUITE, shared, "secret", EMPTY);
  const key = await expand(SUITE, secret, "key", context, 32);
  const nonce = await expand(SUITE, secret, "base_nonce", context, 12);
  return joined(sender, encrypt(key, nonce, plain));
}

const extract = (suite, salt, label, input) => mac(salt, joined(bytesOf("HPKE-v1"), suite, bytesOf(label), input));

// No more than 32 bytes are ever asked for, so one block does.
async function expand(suite, key, label, info, length) {
  const asked = joined(Uint8Array.of(0, length), bytesOf("HPKE-v1"), suite, bytesOf(label), info, Uint8Array.of(1));
  return (await mac(key, asked)).slice(0, length);
}

async function mac(key, message) {
  const raw = key.length ? key : new Uint8Array(32); // an empty key is filled up with zeros anyway
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

function bytesOf(text) {
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
