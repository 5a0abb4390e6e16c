/*
 * Checks one entry's proof (C2SP tlog-proof):
 *
 *   c2sp.org/tlog-proof@v1
 *   [extra <base64>]
 *   index <n>
 *   <base64 hash> ...
 *   (blank line)
 *   <checkpoint>
 *
 * and that an evidence entry commits to the payload shown: 01 ‖ SHA-256("vogt/commitment/v1" ‖ salt ‖ payload).
 */
import { fromBase64, same, sha256, utf8, type Bytes } from './bytes';
import { checkSignature, readCheckpoint, readKey, type SignatureResult } from './note';
import { isIncluded, leafHash } from './tree';

export interface ProofAnswer {
  index?: number;
  proof: string;
  entry: string;
  salt?: string | null;
  payload?: string | null;
}

export interface ProofResult {
  size: number;
  index: number;
  included: boolean;
  signature: SignatureResult | null;
  committed: boolean | null; /* null: the payload was erased */
}

function readProof(text: string): { index: number; path: Bytes[]; note: string } {
  const split = text.indexOf('\n\n');
  const lines = text.slice(0, split).split('\n');
  if (split < 0 || lines.shift() !== 'c2sp.org/tlog-proof@v1') {
    throw new Error('proof');
  }
  if (lines[0]?.startsWith('extra ')) {
    lines.shift();
  }
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) {
    throw new Error('index');
  }
  return { index: Number(index), path: lines.map(fromBase64), note: text.slice(split + 2) };
}

async function commits(entry: Bytes, answer: ProofAnswer): Promise<boolean | null> {
  if (answer.salt == null || answer.payload == null) {
    return null;
  }
  const payload = typeof answer.payload === 'string' ? answer.payload : JSON.stringify(answer.payload);
  const digest = await sha256(utf8('vogt/commitment/v1'), fromBase64(answer.salt), utf8(payload));
  return entry.length === 33 && entry[0] === 1 && same(entry.subarray(1), digest);
}

/** Throws when the proof is not one. `index` is the one asked for: an answer for another is no proof. */
export async function checkProof(answer: ProofAnswer, index: number, vkey: string): Promise<ProofResult> {
  const proof = readProof(answer.proof);
  const checkpoint = readCheckpoint(proof.note);
  const entry = fromBase64(answer.entry);
  const key = await readKey(vkey);
  return {
    size: checkpoint.size,
    index: proof.index,
    included: proof.index === index && (await isIncluded(await leafHash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root)),
    signature: key ? await checkSignature(checkpoint, key) : null,
    committed: await commits(entry, answer),
  };
}
