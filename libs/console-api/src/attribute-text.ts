/*
 * The text of an attribute's value: what every answer shows of it, and what finds it again. It is the text that Jaeger's
 * `AsString` gives: strings as they are, numbers and booleans as JSON has them, bytes in base64, an empty value as no text,
 * lists and key-value lists as JSON without spaces, with sorted keys.
 */

/** A value without the wrapper that says its type. */
type PlainValue =
  | { readonly is: 'string' | 'number' | 'bytes'; readonly text: string }
  | { readonly is: 'empty' }
  | { readonly is: 'list'; readonly elements: readonly unknown[] }
  | { readonly is: 'members'; readonly members: object };

/**
 * Write a value of an attribute as text.
 *
 * @param stored the value in the form in which tracestore stores it and its API gives it: JSON in which bytes are
 *   `{"bytesValue": base64}`, numbers that JSON lacks `{"doubleValue": text}`, and a key-value list that looks like one of
 *   these `{"kvlistValue": object}`. A number may also be a bigint, or an object of a class with its `source`.
 * @returns the text; the empty text for an empty value
 */
export function attributeText(stored: unknown): string {
  const plain = plainOf(stored);
  switch (plain.is) {
    case 'empty':
      return '';
    case 'list':
    case 'members':
      return jsonOf(plain);
    default:
      return plain.text;
  }
}

function jsonOf(plain: PlainValue): string {
  switch (plain.is) {
    case 'empty':
      return 'null';
    case 'string':
      return JSON.stringify(plain.text);
    case 'bytes':
      // As Go writes no bytes.
      return plain.text === '' ? 'null' : JSON.stringify(plain.text);
    case 'number':
      // JSON has no number for these.
      return /^(?:NaN|-?Infinity)$/.test(plain.text) ? `"${plain.text}"` : plain.text;
    case 'list':
      return `[${plain.elements.map((element) => jsonOf(plainOf(element))).join(',')}]`;
    case 'members': {
      const members = Object.entries(plain.members).toSorted(byKey);
      return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(plainOf(value))}`).join(',')}}`;
    }
  }
}

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function plainOf(stored: unknown): PlainValue {
  if (stored === null || stored === undefined) return { is: 'empty' };
  if (typeof stored === 'string') return { is: 'string', text: stored };
  if (Array.isArray(stored)) return { is: 'list', elements: stored };
  if (typeof stored !== 'object') return { is: 'number', text: Object.is(stored, -0) ? '-0' : String(stored) };
  const source = sourceOf(stored);
  if (source !== undefined) return { is: 'number', text: source.includes('.') ? String(Number(source)) : source };
  const [only, ...others] = Object.entries(stored) as [string, unknown][];
  if (only !== undefined && others.length === 0) {
    const [key, value] = only;
    if (key === 'bytesValue' && typeof value === 'string') return { is: 'bytes', text: value };
    if (key === 'doubleValue' && typeof value === 'string') return { is: 'number', text: value };
    if (key === 'kvlistValue' && typeof value === 'object' && value !== null) return { is: 'members', members: value };
  }
  return { is: 'members', members: stored };
}

/** The text of a number that was kept as it was written. Objects of JSON have no class, whatever their keys. */
function sourceOf(value: object): string | undefined {
  return Object.getPrototypeOf(value) !== Object.prototype && 'source' in value ? String(value.source) : undefined;
}
