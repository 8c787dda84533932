import { create } from '@bufbuild/protobuf';
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  type KeyValue,
  KeyValueListSchema,
  KeyValueSchema,
} from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import { limits } from '../limits.js';
import { JsonNumber, parseJson } from './json-source.js';

/*
 * How attributes are stored as jsonb. No value is lost, and common values look as in a query.
 *
 *   string   the string
 *   bool     true, false
 *   int      a number without fraction        5
 *   double   a number with a fraction         5.0   1.5   0.00000001   (no exponent: jsonb would drop the fraction)
 *            NaN, infinities, -0               {"doubleValue": "NaN" | "Infinity" | "-Infinity" | "-0"}
 *   bytes    {"bytesValue": "<base64>"}
 *   array    an array
 *   kvlist   an object; if its only key is bytesValue, doubleValue or kvlistValue, then {"kvlistValue": <the object>}
 *   empty    null; also a reference to a profile's string table, which OTLP treats as absent in traces
 *
 * A set of attributes is an object like a kvlist, but is never wrapped. If a key occurs twice, the last value counts.
 * Keys are sorted by UTF-16 code unit, so equal sets have equal text. U+0000, which jsonb cannot hold, and lone
 * surrogates become U+FFFD.
 */

const maxDepth = limits.attributeDepth.value;
const maxMembers = limits.attributes.value;
const maxKeyBytes = limits.attributeKeyBytes.value;
/** jsonb may need eight bytes for each byte of JSON, and holds 256 MiB. */
const maxJsonBytes = limits.attributesJsonBytes.value;

/** Longer strings are escaped in pieces of this length, in UTF-16 code units. */
const stringPieceLength = 64 * 1024;

/** Messages for attributes above a limit. Each continues a sentence that begins with the field. */
export const attributeProblems = {
  depth: `is nested more than ${maxDepth} levels deep`,
  count: `has more than ${maxMembers} attributes`,
  keyBytes: `has a key of more than ${maxKeyBytes} bytes`,
  values: `brings its span to more than ${limits.spanValues.value} attribute values`,
  jsonBytes: `is longer than ${maxJsonBytes} bytes of JSON`,
  spanJsonBytes: `brings its span to more than ${maxJsonBytes} bytes of JSON`,
} as const;

/** A set of attributes is above a limit. The message is one of `attributeProblems`. */
export class AttributeLimitError extends Error {
  override readonly name = 'AttributeLimitError';
}

/** Keys that mark a wrapped value when they are the only key of an object. */
export const wrapperKeys: ReadonlySet<string> = new Set(['bytesValue', 'doubleValue', 'kvlistValue']);

/**
 * Converts a set of attributes to JSON, in the form above.
 *
 * @throws AttributeLimitError when the set is above a limit
 */
export function attributesToJson(attributes: readonly KeyValue[]): string {
  const writer = new JsonWriter();
  if (attributes.length > maxMembers) throw new AttributeLimitError(attributeProblems.count);
  const hasLongKey = attributes.some(({ key }) => key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes);
  if (hasLongKey) throw new AttributeLimitError(attributeProblems.keyBytes);
  writer.object(attributes, 0);
  requireLength(Buffer.byteLength(writer.text));
  return writer.text;
}

/** Replaces U+0000 and lone surrogates, which PostgreSQL cannot store, by U+FFFD. */
export function storableText(text: string): string {
  return (text.includes('\0') ? withoutNul(text) : text).toWellFormed();
}

/** `replaceAll` would take 80 ns for each replaced character. */
function withoutNul(text: string): string {
  const bytes = Buffer.from(text, 'utf16le');
  for (let at = 0; at < bytes.length; at += 2) {
    if (bytes[at] === 0 && bytes[at + 1] === 0) bytes.writeUInt16LE(0xfffd, at);
  }
  return bytes.toString('utf16le');
}

class JsonWriter {
  text = '';

  object(entries: readonly KeyValue[], depth: number): void {
    this.members(membersOf(entries), depth);
  }

  private members(members: ReadonlyMap<string, AnyValue | undefined>, depth: number): void {
    let separator = '{';
    for (const key of [...members.keys()].toSorted(byCodeUnit)) {
      this.write(separator);
      this.string(key);
      this.write(':');
      this.value(members.get(key), depth);
      separator = ',';
    }
    this.write(members.size === 0 ? '{}' : '}');
  }

  private value(value: AnyValue | undefined, depth: number): void {
    const content = value?.value;
    switch (content?.case) {
      case 'stringValue':
        return this.string(storableText(content.value));
      case 'boolValue':
      case 'intValue':
        return this.write(String(content.value));
      case 'doubleValue':
        return this.write(doubleToJson(content.value));
      case 'bytesValue':
        return this.write(`{"bytesValue":"${Buffer.from(content.value).toString('base64')}"}`);
      case 'arrayValue': {
        requireDepth(depth);
        let separator = '[';
        for (const element of content.value.values) {
          this.write(separator);
          this.value(element, depth + 1);
          separator = ',';
        }
        return this.write(content.value.values.length === 0 ? '[]' : ']');
      }
      case 'kvlistValue': {
        requireDepth(depth);
        const members = membersOf(content.value.values);
        const [onlyKey] = members.keys();
        const wrapped = members.size === 1 && onlyKey !== undefined && wrapperKeys.has(onlyKey);
        if (wrapped) this.write('{"kvlistValue":');
        this.members(members, depth + 1);
        if (wrapped) this.write('}');
        return;
      }
      default:
        return this.write('null');
    }
  }

  private string(text: string): void {
    if (text.length <= stringPieceLength) {
      this.write(JSON.stringify(text));
      return;
    }
    // In pieces, because escapes make a string up to six times as long.
    this.write('"');
    for (let from = 0; from < text.length;) {
      const isPairCut = isHighSurrogate(text.charCodeAt(from + stringPieceLength - 1));
      const to = from + stringPieceLength - (isPairCut ? 1 : 0);
      this.write(JSON.stringify(text.slice(from, to)).slice(1, -1));
      from = to;
    }
    this.write('"');
  }

  private write(json: string): void {
    this.text += json;
    requireLength(this.text.length);
  }
}

function membersOf(entries: readonly KeyValue[]): ReadonlyMap<string, AnyValue | undefined> {
  return new Map(entries.map(({ key, value }) => [storableText(key), value]));
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function requireDepth(depth: number): void {
  if (depth >= maxDepth) throw new AttributeLimitError(attributeProblems.depth);
}

function requireLength(length: number): void {
  if (length > maxJsonBytes) throw new AttributeLimitError(attributeProblems.jsonBytes);
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** @returns the shortest decimal that is read as the same double, with a fraction and without an exponent */
export function doubleToJson(value: number): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) {
    return `{"doubleValue":"${Object.is(value, -0) ? '-0' : String(value)}"}`;
  }
  const [mantissa = '', exponentText] = String(value).split('e');
  if (exponentText === undefined) return mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  return exponent < 0
    ? `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction.padEnd(exponent, '0')}.0`;
}

/**
 * Converts the JSON of `attributesToJson` back to attributes, in the order of their keys.
 *
 * @param json the text of a jsonb value, because a parsed value does not distinguish 5 and 5.0
 * @throws SyntaxError or TypeError when the text is not in the form above
 */
export function attributesFromJson(json: string): readonly KeyValue[] {
  return entriesOf(requireObject(parseJson(json, (_key, value) => value)));
}

function entriesOf(object: object): readonly KeyValue[] {
  return Object.entries(object)
    .toSorted(([left], [right]) => byCodeUnit(left, right))
    .map(([key, value]) => create(KeyValueSchema, { key, value: valueOf(value) }));
}

function valueOf(json: unknown): AnyValue {
  return create(AnyValueSchema, { value: contentOf(json) });
}

function contentOf(json: unknown): AnyValue['value'] {
  if (json === null) return { case: undefined };
  if (typeof json === 'string') return { case: 'stringValue', value: json };
  if (typeof json === 'boolean') return { case: 'boolValue', value: json };
  if (json instanceof JsonNumber) {
    return json.source.includes('.')
      ? { case: 'doubleValue', value: Number(json.source) }
      : { case: 'intValue', value: BigInt(json.source) };
  }
  if (Array.isArray(json)) {
    return { case: 'arrayValue', value: create(ArrayValueSchema, { values: json.map(valueOf) }) };
  }
  const object = requireObject(json);
  const entries: readonly [string, unknown][] = Object.entries(object);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    const [key, value] = only;
    if (key === 'bytesValue' && typeof value === 'string') {
      return { case: 'bytesValue', value: new Uint8Array(Buffer.from(value, 'base64')) };
    }
    if (key === 'doubleValue' && typeof value === 'string') return { case: 'doubleValue', value: Number(value) };
    if (key === 'kvlistValue') {
      return {
        case: 'kvlistValue',
        value: create(KeyValueListSchema, { values: [...entriesOf(requireObject(value))] }),
      };
    }
  }
  return { case: 'kvlistValue', value: create(KeyValueListSchema, { values: [...entriesOf(object)] }) };
}

function requireObject(json: unknown): object {
  if (typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber)) return json;
  throw new TypeError('No attributes in the form that attributesToJson writes');
}
