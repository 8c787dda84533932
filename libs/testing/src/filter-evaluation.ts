import { create } from '@bufbuild/protobuf';
import { attributeText } from '@spandrel/console-api';
import { attributesToJson } from '../../../apps/tracestore/src/storage/attribute-json.js';
import {
  type AnyValue,
  type KeyValue,
  KeyValueSchema,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/common/v1/common_pb.js';
import type {
  Span,
  Span_Event,
  Span_Link,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { JsonNumber, parseJson } from '../../../apps/tracestore/src/storage/json-source.js';
import { type TypedConstant, typesOf, type Constant } from '../../../apps/tracestore/src/query/filter/constant.js';
import {
  type Field,
  type Filter,
  type Level,
  levels,
  type OrderedOperator,
  type Reference,
} from '../../../apps/tracestore/src/query/filter/filter.js';
import { spanKindOf, statusCodeOf } from '../../../apps/tracestore/src/query/span-enums.js';
import type { StoredSpan } from './stored-spans.ts';

/*
 * A reference evaluation of filters on decoded spans, without normal forms, dictionaries, blocks or SQL.
 */

type Value = AnyValue | string | bigint;

interface Context {
  readonly stored: StoredSpan;
  readonly serviceName: string;
  readonly event: Span_Event | undefined;
  readonly link: Span_Link | undefined;
}

/** Returns whether a span matches a filter. */
export function fulfils(filter: Filter, stored: StoredSpan, serviceName: string): boolean {
  return holds(filter, { stored, serviceName, event: undefined, link: undefined });
}

/** In ns, 0 for a span that ends before it starts. */
export function durationOf(span: Span): bigint {
  const duration = span.endTimeUnixNano - span.startTimeUnixNano;
  return duration > 0n ? duration : 0n;
}

function holds(filter: Filter, context: Context): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((part) => holds(part, context));
    case 'or':
      return filter.filters.some((part) => holds(part, context));
    case 'not':
      return !holds(filter.filter, context);
    case 'some':
      return filter.level === 'event'
        ? context.stored.span.events.some((event) => holds(filter.filter, { ...context, event }))
        : context.stored.span.links.some((link) => holds(filter.filter, { ...context, link }));
    case 'called_by':
      throw new Error('a condition on the parent cannot be evaluated for a span alone');
    case 'exists':
      return valuesOf(filter.reference, context).length > 0;
    case 'contains':
      return searchedTexts(context).some((text) => text.toLowerCase().includes(filter.text.toLowerCase()));
    case 'eq':
      return isAmong(filter.reference, [filter.value], context);
    case 'in':
      return isAmong(filter.reference, filter.values, context);
    case 'ne':
      return valuesOf(filter.reference, context).length > 0 && !isAmong(filter.reference, [filter.value], context);
    case 'not_in':
      return valuesOf(filter.reference, context).length > 0 && !isAmong(filter.reference, filter.values, context);
    case 'regex': {
      const expression = new RegExp(filter.pattern.replaceAll('.', String.raw`[^\n]`), 'u');
      return valuesOf(filter.reference, context).some((value) => {
        const text = textOf(value);
        return text !== undefined && expression.test(text);
      });
    }
    default: {
      const { op, value: constant } = filter;
      return valuesOf(filter.reference, context).some((value) => isOrdered(value, op, constant));
    }
  }
}

function searchedTexts(context: Context): readonly string[] {
  const named = (['span.name', 'resource.service', 'span.status_message', 'event.name'] as const).flatMap((field) =>
    fieldValues(field, context).filter((value) => typeof value === 'string'),
  );
  const attributes = levels.flatMap((level) => attributesAt(level, context)).flat();
  return [...named, ...attributes.flatMap(({ value }) => scalarsOf(parseJson(storedJson(value as AnyValue), asItIs)))];
}

/** The texts of all strings, numbers and booleans in a stored value. */
function scalarsOf(stored: unknown): readonly string[] {
  if (stored === null) return [];
  if (stored instanceof JsonNumber) return [stored.source];
  return typeof stored === 'object' ? Object.values(stored).flatMap(scalarsOf) : [String(stored)];
}

function asItIs(_key: string, value: unknown): unknown {
  return value;
}

function storedJson(value: AnyValue): string {
  return attributesToJson([create(KeyValueSchema, { key: '', value })]).slice('{"":'.length, -1);
}

function valuesOf(reference: Reference, context: Context): readonly Value[] {
  if ('field' in reference) return fieldValues(reference.field, context);
  return reference.levels.flatMap((level) =>
    attributesAt(level, context).flatMap((attributes) =>
      attributes.filter(({ key }) => key === reference.attribute).map(({ value }) => value as AnyValue),
    ),
  );
}

function attributesAt(level: Level, { stored, event, link }: Context): readonly (readonly KeyValue[])[] {
  switch (level) {
    case 'span':
      return [stored.span.attributes];
    case 'resource':
      return [stored.resource.attributes];
    case 'scope':
      return [stored.scope.attributes];
    case 'event':
      return (event === undefined ? stored.span.events : [event]).map(({ attributes }) => attributes);
    case 'link':
      return (link === undefined ? stored.span.links : [link]).map(({ attributes }) => attributes);
  }
}

function fieldValues(field: Field, { stored, serviceName, event, link }: Context): readonly Value[] {
  const { span, scope } = stored;
  const events = event === undefined ? span.events : [event];
  const links = link === undefined ? span.links : [link];
  const texts = (...values: readonly string[]): readonly string[] => values.filter((value) => value !== '');
  switch (field) {
    case 'span.name':
      return texts(span.name);
    case 'span.trace_id':
      return texts(hex(span.traceId));
    case 'span.span_id':
      return texts(hex(span.spanId));
    case 'span.parent_span_id':
      return texts(hex(span.parentSpanId));
    case 'span.trace_state':
      return texts(span.traceState);
    case 'span.status_message':
      return texts(span.status?.message ?? '');
    case 'span.kind':
      return [spanKindOf(span.kind)];
    case 'span.status':
      return [statusCodeOf(span.status?.code ?? 0)];
    case 'span.start_time':
      return [span.startTimeUnixNano];
    case 'span.end_time':
      return [span.endTimeUnixNano];
    case 'span.duration':
      return [durationOf(span)];
    case 'resource.service':
      return texts(serviceName);
    case 'resource.schema_url':
      return texts(stored.resourceSchemaUrl);
    case 'scope.name':
      return texts(scope.name);
    case 'scope.version':
      return texts(scope.version);
    case 'scope.schema_url':
      return texts(stored.scopeSchemaUrl);
    case 'event.name':
      return texts(...events.map(({ name }) => name));
    case 'event.time':
      return events.map(({ timeUnixNano }) => timeUnixNano);
    case 'event.time_since_start':
      return events.map(({ timeUnixNano }) => timeUnixNano - span.startTimeUnixNano);
    case 'link.trace_id':
      return texts(...links.map(({ traceId }) => hex(traceId)));
    case 'link.span_id':
      return texts(...links.map(({ spanId }) => hex(spanId)));
    case 'link.trace_state':
      return texts(...links.map(({ traceState }) => traceState));
  }
}

function isAmong(reference: Reference, constants: readonly Constant[], context: Context): boolean {
  return valuesOf(reference, context).some((value) => constants.some((constant) => isEqual(value, constant)));
}

function isEqual(value: Value, constant: Constant): boolean {
  if (constant.type === 'any' && typeof value === 'object' && /^[[{]/.test(constant.text)) {
    if (attributeText(JSON.parse(storedJson(value))) === constant.text) return true;
  }
  return typesOf(constant).some((typed) => {
    if (typeof value === 'bigint') return typed.type === 'int' && typed.value === value;
    if (typeof value === 'string') return typed.type === 'string' && typed.value === value;
    return equals(value, typed);
  });
}

function equals({ value: content }: AnyValue, constant: TypedConstant): boolean {
  switch (constant.type) {
    case 'empty':
      return content.case === undefined;
    case 'string':
      return content.case === 'stringValue' && content.value === constant.value;
    case 'int':
      return content.case === 'intValue' && content.value === constant.value;
    case 'double':
      return content.case === 'doubleValue' && Object.is(content.value, constant.value);
    case 'bool':
      return content.case === 'boolValue' && content.value === constant.value;
    case 'bytes':
      return content.case === 'bytesValue' && Buffer.from(content.value).equals(constant.value);
    case 'array':
      return (
        content.case === 'arrayValue' &&
        content.value.values.length === constant.values.length &&
        constant.values.every((element, n) => equals(content.value.values[n] as AnyValue, element))
      );
    case 'kvlist':
      return (
        content.case === 'kvlistValue' &&
        content.value.values.length === constant.entries.length &&
        constant.entries.every(([key, element]) =>
          content.value.values.some((entry) => entry.key === key && equals(entry.value as AnyValue, element)),
        )
      );
  }
}

function isOrdered(value: Value, operator: OrderedOperator, constant: Constant): boolean {
  if (typeof value === 'bigint') return constant.type === 'int' && decides(compare(value, constant.value), operator);
  const text = textOf(value);
  const wanted = constant.type === 'any' ? constant.text : constant.type === 'string' ? constant.value : undefined;
  if (text !== undefined)
    return wanted !== undefined && decides(Buffer.compare(Buffer.from(text), Buffer.from(wanted)), operator);
  if (typeof value === 'string') return false;
  const number = numberOf(constant);
  if (number === undefined || Number.isNaN(number)) return false;
  const { value: content } = value;
  if (content.case === 'intValue')
    return constant.type !== 'double' && decides(compare(content.value, number), operator);
  if (content.case === 'doubleValue' && !Number.isNaN(content.value)) {
    return constant.type !== 'int' && decides(compare(content.value, number), operator);
  }
  return false;
}

function numberOf(constant: Constant): bigint | number | undefined {
  if (constant.type === 'int' || constant.type === 'double') return constant.value;
  return constant.type === 'any' && constant.text.trim() !== '' ? Number(constant.text) : undefined;
}

function compare(left: bigint | number, right: bigint | number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function decides(order: number, operator: OrderedOperator): boolean {
  return { gt: order > 0, lt: order < 0, gte: order >= 0, lte: order <= 0 }[operator];
}

function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value.value.case === 'stringValue' ? value.value.value : undefined;
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
