import { create } from '@bufbuild/protobuf';
import { attributesToJson } from '../../otlp/attribute-json.js';
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  type KeyValue,
  KeyValueListSchema,
  KeyValueSchema,
} from '../../otlp/gen/opentelemetry/proto/common/v1/common_pb.js';

/** A value to compare with. It is equal to a value of the same type alone: 5 is not 5.0, and "5" is neither. */
export type TypedConstant =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'array'; readonly values: readonly TypedConstant[] }
  | { readonly type: 'kvlist'; readonly entries: readonly (readonly [string, TypedConstant])[] };

/** Or a text that stands for every value that is written so: `5` for "5", 5 and 5.0. */
export type Constant = TypedConstant | { readonly type: 'any'; readonly text: string };

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;

/** The typed values that a constant is equal to. */
export function typesOf(constant: Constant): readonly TypedConstant[] {
  if (constant.type !== 'any') return [constant];
  const { text } = constant;
  const typed: TypedConstant[] = [{ type: 'string', value: text }];
  const int = intOf(text);
  if (int !== undefined) typed.push({ type: 'int', value: int });
  const double = doubleOf(text);
  if (double !== undefined) typed.push({ type: 'double', value: double });
  if (text === 'true' || text === 'false') typed.push({ type: 'bool', value: text === 'true' });
  return typed;
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

/** As it is stored when it is the value of an attribute: see attribute-json.ts. @throws AttributeLimitError */
export function jsonOf(constant: TypedConstant): string {
  const json = attributesToJson([create(KeyValueSchema, { key: '', value: anyValueOf(constant) })]);
  return json.slice('{"":'.length, -1);
}

/** Whether equal values are always written the same: the keys of a kvlist come in any order. */
export function isWrittenOneWay(constant: TypedConstant): boolean {
  if (constant.type === 'kvlist') return false;
  return constant.type !== 'array' || constant.values.every(isWrittenOneWay);
}

function anyValueOf(constant: TypedConstant): AnyValue {
  switch (constant.type) {
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
