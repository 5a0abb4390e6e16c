/* A secret being written: rows of name and value. A value that stays as it is is not fetched before it must be. */
import { type Exact, type ExactObject, NotJson, readExact, shownExact } from './exact';

export interface Row {
  key: number;
  name: string;
  text: string;
  isJson: boolean;
  isKept: boolean; /* the value that Vogt has */
  wasThere: boolean;
}

let next = 0;

export const emptyRow = (): Row => ({ key: next++, name: '', text: '', isJson: false, isKept: false, wasThere: false });
export const keptRow = (name: string): Row => ({ key: next++, name, text: '', isJson: false, isKept: true, wasThere: true });

export function openRow(row: Row, value: Exact): Row {
  return { ...row, text: shownExact(value), isJson: typeof value !== 'string', isKept: false };
}

export const rowsOf = (values: ExactObject): Row[] => [...values].map(([name, value]) => openRow(keptRow(name), value));
export const needsValues = (rows: Row[]) => rows.some((row) => row.isKept);

/** Why the rows make no secret: the row, and in a JSON value the place. */
export class RowProblem extends Error {
  constructor(readonly row: Row, readonly kind: 'twice' | 'json' | 'gone', readonly place?: NotJson) {
    super(kind);
  }
}

export function valuesOf(rows: Row[], before: ExactObject): ExactObject {
  const values: ExactObject = new Map();
  for (const row of rows) {
    if (row.name === '' && row.text === '' && !row.isKept) {
      continue; /* an empty line */
    }
    if (values.has(row.name)) {
      throw new RowProblem(row, 'twice');
    }
    values.set(row.name, valueOf(row, before));
  }
  return values;
}

function valueOf(row: Row, before: ExactObject): Exact {
  const kept = before.get(row.name);
  if (row.isKept) {
    if (kept === undefined) {
      throw new RowProblem(row, 'gone');
    }
    return kept;
  }
  if (!row.isJson) {
    return row.text;
  }
  try {
    return readExact(row.text);
  } catch (error) {
    throw error instanceof NotJson ? new RowProblem(row, 'json', error) : error;
  }
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_.~'; /* none that look alike */

/** 24 letters at random, 141 bits; every letter is as likely as every other. */
export function randomValue(length = 24): string {
  const limit = 256 - (256 % LETTERS.length);
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(64))) {
      text += byte < limit && text.length < length ? LETTERS[byte % LETTERS.length] : '';
    }
  }
  return text;
}
