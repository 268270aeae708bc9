// ChaCha20-Poly1305 (RFC 8439), which browsers' own cryptography lacks. For one short message under one key.

const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const P = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

export function encrypt(key, nonce, plain) {
  const sealed = new Uint8Array(plain.length + 16);
  for (let at = 0; at < plain.length; at += 64) {
    const stream = block(key, nonce, 1 + at / 64);
    for (let index = at; index < Math.min(at + 64, plain.length); index += 1) sealed[index] = plain[index] ^ stream[index - at];
  }
  sealed.set(tagOf(block(key, nonce, 0), sealed.subarray(0, plain.length)), plain.length);
  return sealed;
}

function block(key, nonce, counter) {
  const words = (bytes) => [...new Uint32Array(bytes.slice().buffer)]; // machines with browsers are little-endian
  const start = Uint32Array.from([...SIGMA, ...words(key), counter, ...words(nonce)]);
  const now = start.slice();
  const turn = (a, b, c, d) => {
    const mix = (x, y, z, bits) => {
      now[x] += now[y];
      const mixed = now[z] ^ now[x];
      now[z] = (mixed << bits) | (mixed >>> (32 - bits));
    };
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  };
  for (let round = 0; round < 10; round += 1) {
    for (let column = 0; column < 4; column += 1) turn(column, column + 4, column + 8, column + 12);
    for (let column = 0; column < 4; column += 1) turn(column, 4 + ((column + 1) % 4), 8 + ((column + 2) % 4), 12 + ((column + 3) % 4));
  }
  return new Uint8Array(now.map((word, index) => word + start[index]).buffer);
}

// With no further data: what is sealed, padded to sixteen, then both lengths.
function tagOf(first, sealed) {
  const padded = new Uint8Array(Math.ceil(sealed.length / 16) * 16 + 16);
  padded.set(sealed);
  new DataView(padded.buffer).setUint32(padded.length - 8, sealed.length, true);
  const r = numberOf(first.subarray(0, 16)) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 16) sum = ((sum + numberOf(padded.subarray(at, at + 16)) + (1n << 128n)) * r) % P;
  const tag = sum + numberOf(first.subarray(16, 32));
  return Uint8Array.from({ length: 16 }, (_, index) => Number((tag >> BigInt(8 * index)) & 255n));
}

const numberOf = (bytes) => bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
