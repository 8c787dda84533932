/*
 * The text of an attribute value. Every API shows this text, and searches compare with it. It equals the result of Jaeger's
 * `AsString`. A string is unchanged, numbers and booleans are written as in JSON, bytes in base64. An empty value is the
 * empty string. Lists and key-value lists are JSON without spaces, with sorted keys.
 */

/** A value without the wrapper that names its type. */
type PlainValue =
  | { readonly is: 'string' | 'number' | 'bytes'; readonly text: string }
  | { readonly is: 'empty' }
  | { readonly is: 'list'; readonly elements: readonly unknown[] }
  | { readonly is: 'members'; readonly members: object };

/**
 * Write an attribute value as text.
 *
 * @param stored the value as tracestore stores it and as its API returns it: JSON in which bytes are
 *   `{"bytesValue": base64}`, numbers that JSON lacks are `{"doubleValue": text}`, and a key-value list that looks like one
 *   of these is `{"kvlistValue": object}`. A number may also be a bigint, or an object of a class with a `source`.
 * @returns the text; the empty string for an empty value
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
      // Go writes an empty byte slice as null.
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

/** The source text of a number that the parser preserved. Plain JSON objects have no class, whatever their keys are. */
function sourceOf(value: object): string | undefined {
  return Object.getPrototypeOf(value) !== Object.prototype && 'source' in value ? String(value.source) : undefined;
}
