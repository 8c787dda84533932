import type { Constant } from './constant.js';

/*
 * What a search asks of a span: a tree. All of it is asked of one span with its own events and links, never of several
 * spans of a trace together. The vocabulary is that of Jaeger's structured filter (RFC 0005), besides constants of OTLP's
 * other types, and attributes at any set of levels.
 *
 * What is absent fulfils no comparison, also none of `ne` and `not_in`; only `not` turns that round. Where a reference
 * has several values (several levels, several events), a comparison holds if some of them fulfils it; `ne` and `not_in`
 * hold if there is a value and none of them is equal.
 */

/** Where attributes are. */
export const levels = ['span', 'resource', 'scope', 'event', 'link'] as const;
export type Level = (typeof levels)[number];

/** What every span says of itself, by level. An empty text counts as absent. */
export const textFields = [
  'span.name',
  'span.trace_id',
  'span.span_id',
  'span.parent_span_id',
  'span.trace_state',
  'span.status_message',
  'resource.service',
  'resource.schema_url',
  'scope.name',
  'scope.version',
  'scope.schema_url',
  'event.name',
  'link.trace_id',
  'link.span_id',
  'link.trace_state',
] as const;
export type TextField = (typeof textFields)[number];

/** Of a closed set of words: spans' kinds and status codes. They have no order. */
export const enumFields = ['span.kind', 'span.status'] as const;
export type EnumField = (typeof enumFields)[number];

/**
 * In ns: times since 1970, a span's duration (0 where it ends before it starts), and the time from the start of an
 * event's span to the event, which may be negative.
 */
export const timeFields = [
  'span.start_time',
  'span.end_time',
  'span.duration',
  'event.time',
  'event.time_since_start',
] as const;
export type TimeField = (typeof timeFields)[number];

export type Field = TextField | EnumField | TimeField;

/** What is compared: attributes of a key, at one level or several, or a field. */
export type Reference = { readonly attribute: string; readonly levels: readonly Level[] } | { readonly field: Field };

export const orderedOperators = ['gt', 'lt', 'gte', 'lte'] as const;
export type OrderedOperator = (typeof orderedOperators)[number];

export type Filter =
  /** All of them, or some of them; none of them are true and false. */
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  /** There is one event, or link, of which all of the filter holds. Inside, that level means this one. */
  | { readonly op: 'some'; readonly level: 'event' | 'link'; readonly filter: Filter }
  | { readonly op: 'eq' | 'ne' | OrderedOperator; readonly reference: Reference; readonly value: Constant }
  | { readonly op: 'in' | 'not_in'; readonly reference: Reference; readonly values: readonly Constant[] }
  /** Some part of the text matches: `patternOf` says what an expression may have. */
  | { readonly op: 'regex'; readonly reference: Reference; readonly pattern: string }
  | { readonly op: 'exists'; readonly reference: Reference };

/** True of every span. */
export const everything: Filter = { op: 'and', filters: [] };

export function allOf(...filters: readonly Filter[]): Filter {
  return { op: 'and', filters };
}

/** An attribute has a value, at one of the levels: by default at any. */
export function attributeIs(attribute: string, value: Constant, at: readonly Level[] = levels): Filter {
  return { op: 'eq', reference: { attribute, levels: at }, value };
}

/** A field has a value. */
export function fieldIs(field: TextField | EnumField, text: string): Filter {
  return { op: 'eq', reference: { field }, value: { type: 'string', value: text } };
}

/** @param nanos as the field counts */
export function fieldCompares(field: TimeField, op: OrderedOperator | 'eq' | 'ne', nanos: bigint): Filter {
  return { op, reference: { field }, value: { type: 'int', value: nanos } };
}
