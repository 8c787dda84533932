import { create } from '@bufbuild/protobuf';
import { formatDuration, type Static } from '@spandrel/traceql';
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  type KeyValue,
  KeyValueSchema,
} from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { JsonNumber, parseJson } from '../../storage/json-source.js';
import { spanKindOf, statusCodeOf } from '../span-enums.js';
import type { Value } from './field-sql.js';

/** A value of TraceQL, or an array of them. */
export type AttributeValue = Static | readonly Static[];

/** Parse what a statement returns as JSON. Numbers keep their text: an int has no fraction. */
export function readJson(json: string): unknown {
  return parseJson(json, (_, value) => value);
}

/** Read a value. @param type of the expression whose value it is */
export function valueOf(json: unknown, type: Value['type']): AttributeValue | undefined {
  if (json === null || json === undefined) return undefined;
  if (Array.isArray(json))
    return json.map((element) => scalarOf(element, type)).filter((element) => element !== undefined);
  return scalarOf(json, type);
}

function scalarOf(json: unknown, type: Value['type']): Static | undefined {
  if (typeof json === 'string') return { type: 'string', value: json };
  if (typeof json === 'boolean') return { type: 'bool', value: json };
  if (json instanceof JsonNumber) {
    if (type === 'duration') return { type, value: BigInt(json.source) };
    if (type === 'status') return { type, value: statusCodeOf(Number(json.source)) };
    if (type === 'kind') return { type, value: spanKindOf(Number(json.source)) };
    return /^-?\d+$/.test(json.source)
      ? { type: 'int', value: BigInt(json.source) }
      : { type: 'float', value: Number(json.source) };
  }
  if (typeof json === 'object' && json !== null && 'doubleValue' in json)
    return { type: 'float', value: Number(json.doubleValue) };
  return undefined;
}

/** Write an attribute or label. @param value undefined is nil */
export function keyValueOf(key: string, value: AttributeValue | undefined): KeyValue {
  return create(KeyValueSchema, { key, value: anyValueOf(value) });
}

function anyValueOf(value: AttributeValue | undefined): AnyValue {
  if (value === undefined) return textOf('nil');
  if (Array.isArray(value)) {
    const elements = (value as readonly Static[]).map(anyValueOf);
    return create(AnyValueSchema, {
      value: { case: 'arrayValue', value: create(ArrayValueSchema, { values: elements }) },
    });
  }
  const constant = value as Static;
  switch (constant.type) {
    case 'nil':
      return textOf('nil');
    case 'int':
      return create(AnyValueSchema, { value: { case: 'intValue', value: constant.value } });
    case 'float':
      return create(AnyValueSchema, { value: { case: 'doubleValue', value: constant.value } });
    case 'bool':
      return create(AnyValueSchema, { value: { case: 'boolValue', value: constant.value } });
    case 'duration':
      return textOf(formatDuration(constant.value));
    case 'string':
    case 'status':
    case 'kind':
      return textOf(constant.value);
  }
}

function textOf(value: string): AnyValue {
  return create(AnyValueSchema, { value: { case: 'stringValue', value } });
}

/** A text that is the same for the same value. */
export function keyOf(value: AttributeValue | undefined): string {
  if (value === undefined) return 'nil';
  if (Array.isArray(value)) return (value as readonly Static[]).map(keyOf).join();
  const constant = value as Static;
  return constant.type === 'nil' ? 'nil' : `${constant.type}:${constant.value}`;
}
