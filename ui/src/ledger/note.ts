/*
 * Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint):
 *
 *   <origin>\n<size>\n<base64 of the root>\n
 *   (blank line)
 *   — <key name> base64(key id[4] ‖ signature)
 *
 * key id = SHA-256(name ‖ 0A ‖ type ‖ public key)[:4]; vkey: <name>+<key id in hex>+base64(type ‖ public key)
 */
import { fromBase64, same, sha256, toHex, utf8, type Bytes } from './bytes';

const ED25519 = 1;

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
  text: string;
  signatures: { name: string; id: Bytes; signature: Bytes }[];
}

export interface Key {
  name: string;
  id: Bytes;
  publicKey: Bytes;
}

export function readCheckpoint(note: string): Checkpoint {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const [origin, size, root] = text.split('\n');
  const lines = note.slice(split + 2).split('\n');
  if (split < 0 || lines.pop() !== '' || lines.length === 0 || !origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '')) {
    throw new Error('checkpoint');
  }
  const signatures = lines.map((line) => {
    const match = /^\u2014 (\S+) (\S+)$/.exec(line);
    const blob = fromBase64(match?.[2] ?? '?');
    if (!match || blob.length < 5) {
      throw new Error('signature line');
    }
    return { name: match[1]!, id: blob.slice(0, 4), signature: blob.slice(4) };
  });
  const hash = fromBase64(root ?? '?');
  if (hash.length !== 32) {
    throw new Error('root');
  }
  return { origin, size: Number(size), root: hash, text, signatures };
}

/** Null: not a vkey of an Ed25519 key, or its id is not that of its key. */
export async function readKey(vkey: string): Promise<Key | null> {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey.trim());
  if (!match) {
    return null;
  }
  try {
    const material = fromBase64(match[3]!);
    const id = (await sha256(utf8(`${match[1]}\n`), material)).slice(0, 4);
    if (material[0] !== ED25519 || material.length !== 33 || toHex(id) !== match[2]) {
      return null;
    }
    return { name: match[1]!, id, publicKey: material.slice(1) };
  } catch {
    return null;
  }
}

export type SignatureResult = 'good' | 'forged' | 'missing' | 'unsupported';

/** `unsupported`: this browser's WebCrypto knows no Ed25519. */
export async function checkSignature(checkpoint: Checkpoint, key: Key): Promise<SignatureResult> {
  const lines = checkpoint.signatures.filter((line) => line.name === key.name && same(line.id, key.id));
  if (lines.length === 0 || checkpoint.origin !== key.name) {
    return 'missing';
  }
  try {
    const imported = await crypto.subtle.importKey('raw', key.publicKey, { name: 'Ed25519' }, false, ['verify']);
    for (const line of lines) {
      if (line.signature.length !== 64 || !(await crypto.subtle.verify({ name: 'Ed25519' }, imported, line.signature, utf8(checkpoint.text)))) {
        return 'forged';
      }
    }
    return 'good';
  } catch {
    return 'unsupported';
  }
}
