/* RFC 6962 trees: leaf = SHA-256(00 ‖ entry), node = SHA-256(01 ‖ left ‖ right). */
import { same, sha256, type Bytes } from './bytes';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(LEAF, entry);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(NODE, left, right);

/** The root of a power of two of hashes. */
export async function fold(hashes: Bytes[]): Promise<Bytes> {
  let row = hashes;
  while (row.length > 1) {
    const next: Promise<Bytes>[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) {
      next.push(nodeHash(row[i]!, row[i + 1]!));
    }
    row = await Promise.all(next);
  }
  return row[0]!;
}

/** The right edge of a growing tree: one hash for each full subtree, the largest first. */
export class Range {
  size = 0;
  private edge: { level: number; hash: Bytes }[] = [];

  /** Appends a full subtree of 2^level leaves; the size so far must be a multiple of that. */
  async append(hash: Bytes, level = 0): Promise<void> {
    let grown = { level, hash };
    while (this.edge.at(-1)?.level === grown.level) {
      const left = this.edge.pop()!;
      grown = { level: grown.level + 1, hash: await nodeHash(left.hash, grown.hash) };
    }
    this.edge.push(grown);
    this.size += 2 ** level;
  }

  async root(): Promise<Bytes> {
    let root = this.edge.at(-1)?.hash;
    if (!root) {
      return sha256();
    }
    for (let i = this.edge.length - 2; i >= 0; i--) {
      root = await nodeHash(this.edge[i]!.hash, root);
    }
    return root;
  }

  copy(): Range {
    const copy = new Range();
    copy.size = this.size;
    copy.edge = [...this.edge];
    return copy;
  }
}

/** RFC 9162 2.1.3.2: does the path lead from the leaf to the root? */
export async function isIncluded(leaf: Bytes, index: number, size: number, path: Bytes[], root: Uint8Array): Promise<boolean> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    return false;
  }
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const other of path) {
    if (last === 0) {
      return false;
    }
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(other, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await nodeHash(hash, other);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, root);
}
