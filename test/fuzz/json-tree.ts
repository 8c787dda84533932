/** JSON documents as trees. Unlike JSON.parse, they keep duplicate keys and the digits of numbers. */

/** A value that is written unchanged. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object with keys that need not be unique. */
export class JsonObject {
  entries: [string, Json][];

  constructor(entries: [string, Json][]) {
    this.entries = entries;
  }
}

export type Json = null | boolean | number | string | RawJson | JsonObject | Json[];

export function writeJson(value: Json): string {
  if (value instanceof RawJson) return value.text;
  if (value instanceof JsonObject) {
    return `{${value.entries.map(([key, content]) => `${JSON.stringify(key)}:${writeJson(content)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  return JSON.stringify(value);
}

/**
 * Parses a document: all members in order, numbers as RawJson.
 *
 * @returns undefined for invalid JSON
 */
export function readJson(text: string): Json | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return new ValidJsonReader(text).value();
}

const stringEnd = /["\\]/g;
const numberOrWord = /[^\s,\]}]*/y;
const blanks = /[ \t\n\r]*/y;
const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Reads a text that JSON.parse accepts, so its nesting fits the stack. */
class ValidJsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Json {
    switch (this.#next()) {
      case '{':
        return new JsonObject(this.#elements('}', () => this.#member()));
      case '[':
        return this.#elements(']', () => this.value());
      case '"':
        return this.#string();
      default: {
        const token = this.#match(numberOrWord);
        const word = words.get(token);
        return word === undefined ? new RawJson(token) : word;
      }
    }
  }

  #member(): [string, Json] {
    this.#next();
    const key = this.#string();
    this.#next();
    // The colon.
    this.#at++;
    return [key, this.value()];
  }

  #elements<Element>(end: string, read: () => Element): Element[] {
    this.#at++;
    const elements: Element[] = [];
    while (this.#next() !== end) {
      elements.push(read());
      if (this.#next() === ',') this.#at++;
    }
    this.#at++;
    return elements;
  }

  #string(): string {
    const start = this.#at;
    let hasEscape = false;
    stringEnd.lastIndex = start + 1;
    for (let found = stringEnd.exec(this.#text); found?.[0] === '\\'; found = stringEnd.exec(this.#text)) {
      hasEscape = true;
      stringEnd.lastIndex++;
    }
    this.#at = stringEnd.lastIndex;
    return hasEscape
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1);
  }

  /** Moves to the next character that is not blank and returns it. */
  #next(): string | undefined {
    this.#match(blanks);
    return this.#text[this.#at];
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
