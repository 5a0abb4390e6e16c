/*
 * JSON whose numbers and order come back as they came: 12345678901234567890, 1.0 and names that look like numbers survive being read, shown and written again,
 * which JSON.parse does not promise. Secrets are read and written with this.
 */
export class ExactNumber {
  constructor(readonly text: string) {}
}

export type Exact = string | boolean | null | ExactNumber | Exact[] | ExactObject;
export type ExactObject = Map<string, Exact>;

/** Where a text stops being JSON. */
export class NotJson extends Error {
  constructor(readonly line: number, readonly column: number) {
    super(`line ${line}, column ${column}`);
  }
}

const DEPTH_MAX = 64;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  whole(): Exact {
    const value = this.value(0);
    this.skip();
    return this.at === this.text.length ? value : this.fail();
  }

  private fail(): never {
    const before = this.text.slice(0, this.at).split('\n');
    throw new NotJson(before.length, (before.at(-1) ?? '').length + 1);
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    this.at += found?.length ?? 0;
    return found;
  }

  private skip(): void {
    this.match(SPACE);
  }

  private takes(mark: string): boolean {
    this.skip();
    const is = this.text[this.at] === mark;
    this.at += is ? 1 : 0;
    return is;
  }

  private needs(mark: string): void {
    if (!this.takes(mark)) {
      this.fail();
    }
  }

  private value(depth: number): Exact {
    if (depth > DEPTH_MAX) {
      this.fail();
    }
    if (this.takes('{')) {
      return this.object(depth + 1);
    }
    if (this.takes('[')) {
      return this.array(depth + 1);
    }
    if (this.text[this.at] === '"') {
      return this.string();
    }
    const word = this.match(SCALAR) ?? this.fail();
    return word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : new ExactNumber(word);
  }

  private string(): string {
    this.skip();
    return JSON.parse(this.match(STRING) ?? this.fail()) as string;
  }

  private object(depth: number): ExactObject {
    const object: ExactObject = new Map();
    if (this.takes('}')) {
      return object;
    }
    do {
      this.skip();
      const start = this.at;
      const name = this.string();
      if (object.has(name)) {
        this.at = start;
        this.fail();
      }
      this.needs(':');
      object.set(name, this.value(depth));
    } while (this.takes(','));
    this.needs('}');
    return object;
  }

  private array(depth: number): Exact[] {
    const array: Exact[] = [];
    if (this.takes(']')) {
      return array;
    }
    do {
      array.push(this.value(depth));
    } while (this.takes(','));
    this.needs(']');
    return array;
  }
}

export function readExact(text: string): Exact {
  return new Reader(text).whole();
}

export function writeExact(value: Exact, indent = 0, level = 0): string {
  const line = indent > 0 ? `\n${' '.repeat(indent * (level + 1))}` : '';
  const end = indent > 0 ? `\n${' '.repeat(indent * level)}` : '';
  if (value instanceof ExactNumber) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${value.map((one) => line + writeExact(one, indent, level + 1)).join(',')}${end}]`;
  }
  if (value instanceof Map) {
    const space = indent > 0 ? ' ' : '';
    const members = [...value].map(([name, one]) => `${line}${JSON.stringify(name)}:${space}${writeExact(one, indent, level + 1)}`);
    return members.length === 0 ? '{}' : `{${members.join(',')}${end}}`;
  }
  return JSON.stringify(value);
}

/** As people read it: a text without its quotes, everything else as JSON. */
export function shownExact(value: Exact): string {
  return typeof value === 'string' ? value : writeExact(value, 2);
}

export function member(value: Exact | undefined, ...names: string[]): Exact | undefined {
  return names.reduce<Exact | undefined>((inner, name) => (inner instanceof Map ? inner.get(name) : undefined), value);
}
