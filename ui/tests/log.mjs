/* A small signed log in memory, with its files as C2SP tlog-tiles has them. Written apart from src/ledger, so that
 * one checks the other. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const WIDTH = 256;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leaf = (entry) => sha256(Buffer.of(0), entry);
const node = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 6962, 2.1, word by word. */
export function root(leaves) {
  if (leaves.length === 0) {
    return sha256();
  }
  if (leaves.length === 1) {
    return leaves[0];
  }
  let half = 1;
  while (half * 2 < leaves.length) {
    half *= 2;
  }
  return node(root(leaves.slice(0, half)), root(leaves.slice(half)));
}

function inclusion(index, leaves) {
  if (leaves.length === 1) {
    return [];
  }
  let half = 1;
  while (half * 2 < leaves.length) {
    half *= 2;
  }
  return index < half
    ? [...inclusion(index, leaves.slice(0, half)), root(leaves.slice(half))]
    : [...inclusion(index - half, leaves.slice(half)), root(leaves.slice(0, half))];
}

const digits = (number) => {
  const groups = [String(number % 1000).padStart(3, '0')];
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
};

export class Log {
  constructor(origin, payloads) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.origin = origin;
    this.privateKey = privateKey;
    const material = Buffer.concat([Buffer.of(1), publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)]);
    this.keyId = sha256(`${origin}\n`, material).subarray(0, 4);
    this.vkey = `${origin}+${this.keyId.toString('hex')}+${material.toString('base64')}`;
    this.entries = [];
    this.rows = [];
    payloads.forEach((payload) => this.add(payload));
  }

  add(payload) {
    const salt = randomBytes(32);
    this.rows.push({ salt, payload });
    this.entries.push(Buffer.concat([Buffer.of(1), sha256('vogt/commitment/v1', salt, payload)]));
  }

  get leaves() {
    return this.entries.map(leaf);
  }

  note(text) {
    const signature = Buffer.concat([this.keyId, sign(null, Buffer.from(text), this.privateKey)]);
    return `${text}\n\u2014 ${this.origin} ${signature.toString('base64')}\n`;
  }

  checkpoint() {
    return this.note(`${this.origin}\n${this.entries.length}\n${root(this.leaves).toString('base64')}\n`);
  }

  /** All files by path. */
  files() {
    const files = new Map([['checkpoint', Buffer.from(this.checkpoint())]]);
    for (let start = 0, number = 0; start < this.entries.length; start += WIDTH, number++) {
      const part = this.entries.slice(start, start + WIDTH);
      const bundle = Buffer.concat(part.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 255), entry]));
      files.set(`tile/entries/${digits(number)}${part.length < WIDTH ? `.p/${part.length}` : ''}`, bundle);
    }
    let row = this.leaves;
    for (let level = 0; row.length > 0; level++) {
      const next = [];
      for (let start = 0, number = 0; start < row.length; start += WIDTH, number++) {
        const part = row.slice(start, start + WIDTH);
        files.set(`tile/${level}/${digits(number)}${part.length < WIDTH ? `.p/${part.length}` : ''}`, Buffer.concat(part));
        if (part.length === WIDTH) {
          next.push(root(part));
        }
      }
      row = next;
    }
    return files;
  }

  prove(index) {
    const path = inclusion(index, this.leaves).map((hash) => hash.toString('base64'));
    const { salt, payload } = this.rows[index];
    return {
      index,
      proof: ['c2sp.org/tlog-proof@v1', `index ${index}`, ...path, '', this.checkpoint()].join('\n'),
      entry: this.entries[index].toString('base64'),
      salt: salt.toString('base64'),
      payload,
    };
  }
}
