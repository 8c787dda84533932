import { create } from '@bufbuild/protobuf';
import { limits } from '../../limits.js';
import { attributesToJson, storableText } from '../../storage/attribute-json.js';
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  type KeyValue,
  KeyValueListSchema,
  KeyValueSchema,
} from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { JsonNumber, parseJson } from '../../storage/json-source.js';

/** A value to compare with. It equals only values of the same type: 5 is not 5.0, and "5" is neither. */
export type TypedConstant =
  | { readonly type: 'empty' }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'array'; readonly values: readonly TypedConstant[] }
  | { readonly type: 'kvlist'; readonly entries: readonly (readonly [string, TypedConstant])[] };

/** A typed value, or a text that stands for every value with this text (`attributeText`): `5` for "5", 5 and 5.0. */
export type Constant = TypedConstant | { readonly type: 'any'; readonly text: string };

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;

/** The typed values that a constant equals. A text may also stand for lists: see `listOf`. */
export function typesOf(constant: Constant): readonly TypedConstant[] {
  if (constant.type !== 'any') return [constant];
  const { text } = constant;
  const typed: TypedConstant[] = [{ type: 'string', value: text }];
  const int = intOf(text);
  if (int !== undefined) typed.push({ type: 'int', value: int });
  const double = doubleOf(text);
  if (double !== undefined) typed.push({ type: 'double', value: double });
  // Browsers show -0 as 0.
  if (double === 0) typed.push({ type: 'double', value: Object.is(double, -0) ? 0 : -0 });
  if (text === 'true' || text === 'false') typed.push({ type: 'bool', value: text === 'true' });
  if (text === '') typed.push({ type: 'empty' });
  if (isBase64(text)) typed.push({ type: 'bytes', value: Buffer.from(text, 'base64') });
  return typed;
}

/** Whether a text is base64. The empty text is. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text;
}

/** A list, or a key-value list, whose elements may be of several types. */
export interface ListText {
  /** Equal, as jsonb, to `tracestore.plain_value` of every value that the text stands for. */
  readonly json: string;
  /** All values that the text stands for, as they are stored; undefined when these are many, or differ by the order of keys. */
  readonly stored: readonly string[] | undefined;
}

/** A text that stands for more stored values is found by its key only. */
const maxStoredLists = 4;

/** A finite double. No stored number has more digits. */
const storedNumber = /^-?\d{1,400}(?:\.\d{1,1100})?(?:[eE][+-]?\d{1,3})?$/;

/** Find the lists that a text stands for; undefined when there are none. */
export function listOf(text: string): ListText | undefined {
  if (!/^\s*[[{]/.test(text) || isTooDeep(text)) return undefined;
  try {
    let isStorable = true;
    const parsed = parseJson(text, (_key, value) => {
      if (value instanceof JsonNumber) isStorable &&= storedNumber.test(value.source) && isFinite(Number(value.source));
      return value;
    });
    return isStorable ? { json: plainJsonOf(parsed), stored: storedListsOf(parsed) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether brackets outside of texts are nested deeper than in any stored value. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  for (const [token] of json.matchAll(/[[\]{}]|"(?:[^"\\]|\\.)*"?/gs)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > limits.attributeDepth.value) return true;
  }
  return false;
}

function plainJsonOf(value: unknown): string {
  if (value instanceof JsonNumber) return value.source;
  if (typeof value === 'string') return JSON.stringify(storableText(value));
  if (Array.isArray(value)) return `[${value.map(plainJsonOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(storableText(key))}:${plainJsonOf(member)}`,
  );
  return `{${members.join(',')}}`;
}

/** The stored forms of an element of a list, as `attributesToJson` writes them. */
function storedListsOf(value: unknown): readonly string[] | undefined {
  if (value instanceof JsonNumber) return storedNumbersOf(value.source);
  if (typeof value === 'string') return storedTextsOf(value);
  if (value === null) return ['null', jsonOf({ type: 'bytes', value: new Uint8Array() })];
  if (typeof value !== 'object') return [String(value)];
  if (!Array.isArray(value)) return undefined;
  let lists: readonly string[] = [''];
  for (const [n, element] of value.entries()) {
    const elements = storedListsOf(element);
    if (elements === undefined || elements.length * lists.length > maxStoredLists) return undefined;
    lists = lists.flatMap((list) => elements.map((json) => (n === 0 ? json : `${list},${json}`)));
  }
  return lists.map((list) => `[${list}]`);
}

function storedTextsOf(text: string): readonly string[] {
  const types: TypedConstant[] = [{ type: 'string', value: text }];
  if (text !== '' && isBase64(text)) types.push({ type: 'bytes', value: Buffer.from(text, 'base64') });
  if (/^(?:NaN|-?Infinity)$/.test(text)) types.push({ type: 'double', value: Number(text) });
  return types.map(jsonOf);
}

/** The stored forms of a number: an int equals a double of the same value, and 0 equals -0. */
function storedNumbersOf(source: string): readonly string[] | undefined {
  const double = Number(source);
  if (double === 0) return ['0', jsonOf({ type: 'double', value: 0 }), jsonOf({ type: 'double', value: -0 })];
  const stored = [jsonOf({ type: 'double', value: double })];
  if (!Number.isInteger(double)) return stored;
  // A number with an exponent would have to be converted into the digits of an int.
  return /^-?\d+$/.test(source) ? [...stored, source] : undefined;
}

function intOf(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value >= minInt && value <= maxInt ? value : undefined;
}

function doubleOf(text: string): number | undefined {
  if (/^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$/.test(text)) return Number(text);
  return /^(?:NaN|[+-]?Infinity)$/.test(text) ? Number(text) : undefined;
}

/** Write a constant as the value of an attribute is stored: see attribute-json.ts. @throws AttributeLimitError */
export function jsonOf(constant: TypedConstant): string {
  const json = attributesToJson([create(KeyValueSchema, { key: '', value: anyValueOf(constant) })]);
  return json.slice('{"":'.length, -1);
}

/** Whether a value has one stored form. A kvlist has several, as its keys come in any order. */
export function isWrittenOneWay(constant: TypedConstant): boolean {
  if (constant.type === 'kvlist') return false;
  return constant.type !== 'array' || constant.values.every(isWrittenOneWay);
}

function anyValueOf(constant: TypedConstant): AnyValue {
  switch (constant.type) {
    case 'empty':
      return create(AnyValueSchema);
    case 'string':
      return create(AnyValueSchema, { value: { case: 'stringValue', value: constant.value } });
    case 'int':
      return create(AnyValueSchema, { value: { case: 'intValue', value: constant.value } });
    case 'double':
      return create(AnyValueSchema, { value: { case: 'doubleValue', value: constant.value } });
    case 'bool':
      return create(AnyValueSchema, { value: { case: 'boolValue', value: constant.value } });
    case 'bytes':
      return create(AnyValueSchema, { value: { case: 'bytesValue', value: constant.value } });
    case 'array':
      return create(AnyValueSchema, {
        value: { case: 'arrayValue', value: create(ArrayValueSchema, { values: constant.values.map(anyValueOf) }) },
      });
    case 'kvlist':
      return create(AnyValueSchema, {
        value: { case: 'kvlistValue', value: create(KeyValueListSchema, { values: constant.entries.map(entryOf) }) },
      });
  }
}

function entryOf([key, value]: readonly [string, TypedConstant]): KeyValue {
  return create(KeyValueSchema, { key, value: anyValueOf(value) });
}
