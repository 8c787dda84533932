/*
 * Reads attributes as attribute-json.ts writes them and jsonb keeps them, without an object for each value. Most attributes are
 * strings, numbers and truth values, whose JSON a response can have as it is: jsonb and JSON.stringify escape the same way.
 */

/** An attribute whose value is a string, number, truth value or null. */
export interface FlatAttribute {
  /** It has no character that JSON escapes. */
  readonly key: string;
  /** As JSON. */
  readonly value: string;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const brace = 0x7b;
const bracket = 0x5b;
const endBrace = 0x7d;

/**
 * Split attributes, in the order of their keys by UTF-16 code unit.
 *
 * @param json the text of a jsonb object
 * @returns undefined if a value is a list or an object, or a key has a character that JSON escapes
 */
export function flatAttributes(json: string): readonly FlatAttribute[] | undefined {
  const attributes: FlatAttribute[] = [];
  if (json === '{}') return attributes;
  let isInOrder = true;
  let at = 1;
  while (at < json.length) {
    const keyEnd = json.indexOf('"', at + 1);
    const key = json.slice(at + 1, keyEnd);
    if (json.charCodeAt(at) !== quote || keyEnd < 0 || key.includes('\\')) return undefined;
    at = skipBlanks(json, keyEnd + 2);
    const first = json.charCodeAt(at);
    if (first === brace || first === bracket) return undefined;
    const end = first === quote ? endOfString(json, at) : endOfLiteral(json, at);
    const previous = attributes.at(-1);
    if (previous !== undefined && previous.key > key) isInOrder = false;
    attributes.push({ key, value: json.slice(at, end) });
    // After a comma comes the next key, and after the brace nothing.
    at = skipBlanks(json, end + 1);
  }
  return isInOrder ? attributes : attributes.toSorted(byKey);
}

function byKey(left: FlatAttribute, right: FlatAttribute): number {
  return left.key < right.key ? -1 : 1;
}

function skipBlanks(json: string, from: number): number {
  let at = from;
  while (json.charCodeAt(at) === 0x20) at += 1;
  return at;
}

/** @returns the place after the quote that ends a string. A quote with an odd number of backslashes before it is a character of it. */
function endOfString(json: string, start: number): number {
  let end = start;
  for (;;) {
    end = json.indexOf('"', end + 1);
    if (end < 0) return json.length;
    let before = end;
    while (json.charCodeAt(before - 1) === backslash) before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
}

function endOfLiteral(json: string, start: number): number {
  let at = start;
  while (at < json.length && json.charCodeAt(at) !== comma && json.charCodeAt(at) !== endBrace) at += 1;
  return at;
}
