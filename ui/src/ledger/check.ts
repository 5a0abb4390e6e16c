/*
 * Checks a whole log in the browser, from its public files alone (C2SP tlog-tiles): reads every entry, computes every
 * hash anew, compares every tile, and at the end the root that the checkpoint signs. It also computes the root that
 * the log had at an earlier size, so that a rewritten past shows even under a good signature.
 */
import { same, toBase64, type Bytes } from './bytes';
import { checkSignature, readCheckpoint, readKey, type Checkpoint, type SignatureResult } from './note';
import { fold, leafHash, Range } from './tree';

const WIDTH = 256;
const HASH_BYTES = 32;

export interface Known {
  size: number;
  root: string; /* base64 */
}

export interface CheckOptions {
  vkey: string;
  known: Known | null;
  fetchFile: (path: string) => Promise<Bytes>;
  onProgress: (done: number, size: number) => void;
  stop?: AbortSignal;
}

export type Finding =
  | { kind: 'missing' | 'tile' | 'bundle'; where: string }
  | { kind: 'root' | 'checkpoint' | 'forged' | 'unsigned' | 'key' | 'rolled-back' | 'rewritten' };

export interface CheckResult {
  checkpoint: Checkpoint | null;
  signature: SignatureResult | null;
  entries: number;
  root: string;
  findings: Finding[];
  known: 'none' | 'agrees' | 'differs';
}

/** 1234067 -> "x001/x234/067" */
export function tileNumber(number: number): string {
  const groups = [String(number % 1000).padStart(3, '0')];
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

export function tilePath(level: number | 'entries', number: number, width: number): string {
  return `tile/${level}/${tileNumber(number)}${width < WIDTH ? `.p/${width}` : ''}`;
}

/** Entries, each with its length before it as 16 bits, big end first. Null: cut short or too many. */
export function readBundle(bytes: Bytes, count: number): Bytes[] | null {
  const entries: Bytes[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    if (at + 2 + length > bytes.length) {
      return null;
    }
    entries.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return at === bytes.length && entries.length === count ? entries : null;
}

class Checking {
  readonly findings: Finding[] = [];
  private readonly range = new Range();
  private readonly waiting: Bytes[][] = []; /* per tile level, hashes of the tile not yet full */
  private readonly numbers: number[] = [];

  constructor(
    private readonly options: CheckOptions,
    private readonly knownSize: number,
  ) {}

  knownRoot: Bytes | null = null;

  private async file(path: string): Promise<Bytes | null> {
    try {
      return await this.options.fetchFile(path);
    } catch {
      this.findings.push({ kind: 'missing', where: path });
      return null;
    }
  }

  private async compareTile(level: number, hashes: Bytes[]): Promise<void> {
    const number = this.numbers[level] ?? 0;
    this.numbers[level] = number + 1;
    const path = tilePath(level, number, hashes.length);
    const published = await this.file(path);
    const isSame =
      published?.length === hashes.length * HASH_BYTES &&
      hashes.every((hash, i) => same(hash, published.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
    if (published && !isSame) {
      this.findings.push({ kind: 'tile', where: path });
    }
  }

  private async add(level: number, hash: Bytes): Promise<void> {
    const row = (this.waiting[level] ??= []);
    row.push(hash);
    if (row.length === WIDTH) {
      this.waiting[level] = [];
      await this.compareTile(level, row);
      await this.add(level + 1, await fold(row));
    }
  }

  private async noteKnown(leaves: Bytes[]): Promise<void> {
    if (this.knownSize > this.range.size && this.knownSize <= this.range.size + leaves.length) {
      const copy = this.range.copy();
      for (const leaf of leaves.slice(0, this.knownSize - this.range.size)) {
        await copy.append(leaf);
      }
      this.knownRoot = await copy.root();
    }
  }

  /** False: the bundle cannot be read, and nothing after it makes sense. */
  async bundle(number: number, width: number): Promise<boolean> {
    const path = tilePath('entries', number, width);
    const bytes = await this.file(path);
    const entries = bytes && readBundle(bytes, width);
    if (!entries) {
      if (bytes) {
        this.findings.push({ kind: 'bundle', where: path });
      }
      return false;
    }
    const leaves = await Promise.all(entries.map(leafHash));
    await this.noteKnown(leaves);
    if (width === WIDTH) {
      const top = await fold(leaves);
      await this.compareTile(0, leaves);
      await this.range.append(top, 8);
      await this.add(1, top);
    } else {
      this.waiting[0] = leaves;
      for (const leaf of leaves) {
        await this.range.append(leaf);
      }
    }
    return true;
  }

  async finish(): Promise<Bytes> {
    for (let level = 0; level < this.waiting.length; level++) {
      const row = this.waiting[level] ?? [];
      if (row.length > 0) {
        await this.compareTile(level, row);
      }
    }
    return this.range.root();
  }
}

async function openCheckpoint(options: CheckOptions, result: CheckResult): Promise<Checkpoint | null> {
  try {
    result.checkpoint = readCheckpoint(new TextDecoder('utf-8', { fatal: true }).decode(await options.fetchFile('checkpoint')));
  } catch {
    result.findings.push({ kind: 'checkpoint' });
    return null;
  }
  const key = await readKey(options.vkey);
  result.signature = key ? await checkSignature(result.checkpoint, key) : null;
  if (!key) {
    result.findings.push({ kind: 'key' });
  } else if (result.signature === 'forged') {
    result.findings.push({ kind: 'forged' });
  } else if (result.signature === 'missing') {
    result.findings.push({ kind: 'unsigned' });
  }
  return result.checkpoint;
}

function compareKnown(known: Known, size: number, computed: Bytes | null, result: CheckResult): void {
  const isRolledBack = size < known.size;
  const agrees = !isRolledBack && (known.size === 0 || (computed !== null && toBase64(computed) === known.root));
  result.known = agrees ? 'agrees' : 'differs';
  if (!agrees) {
    result.findings.push({ kind: isRolledBack ? 'rolled-back' : 'rewritten' });
  }
}

export async function checkLog(options: CheckOptions): Promise<CheckResult> {
  const result: CheckResult = { checkpoint: null, signature: null, entries: 0, root: '', findings: [], known: 'none' };
  const checkpoint = await openCheckpoint(options, result);
  if (!checkpoint) {
    return result;
  }
  const { size } = checkpoint;
  const checking = new Checking(options, options.known?.size ?? 0);
  let isWhole = true;
  for (let number = 0; number * WIDTH < size && isWhole; number++) {
    options.stop?.throwIfAborted();
    const width = Math.min(WIDTH, size - number * WIDTH);
    isWhole = await checking.bundle(number, width);
    result.entries += isWhole ? width : 0;
    options.onProgress(result.entries, size);
  }
  if (isWhole) {
    const root = await checking.finish();
    result.root = toBase64(root);
    if (!same(root, checkpoint.root)) {
      checking.findings.push({ kind: 'root' });
    }
    if (options.known) {
      compareKnown(options.known, size, checking.knownRoot, result);
    }
  }
  result.findings.push(...checking.findings);
  return result;
}
