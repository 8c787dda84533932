import type { Constant } from './constant.js';

/*
 * A filter is a tree of conditions on one span with its own events and links. It never combines several spans of a trace, except
 * for the service and the name of the span's parent. The
 * vocabulary is that of Jaeger's structured filter (RFC 0005), with constants of OTLP's other types and with attributes of any
 * set of levels.
 *
 * An absent value passes no comparison, not even `ne` and `not_in`. Only `not` includes absent values. Where a reference has
 * several values (several levels, several events), one of them must pass; `ne` and `not_in` pass if there is a value and no
 * value is equal.
 */

/** The levels that have attributes. */
export const levels = ['span', 'resource', 'scope', 'event', 'link'] as const;
export type Level = (typeof levels)[number];

/** The fields that are texts, by level. An empty text counts as absent. */
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

/** The fields that are enums: kinds and status codes of spans. They have no order. */
export const enumFields = ['span.kind', 'span.status'] as const;
export type EnumField = (typeof enumFields)[number];

/**
 * The fields that are times, in ns: times since 1970, the duration of a span (0 if it ends before it starts), and the time from
 * the start of the span to its event, which can be negative.
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

/** The values that are compared: the attributes of a key, at one level or several, or a field. */
export type Reference = { readonly attribute: string; readonly levels: readonly Level[] } | { readonly field: Field };

export const orderedOperators = ['gt', 'lt', 'gte', 'lte'] as const;
export type OrderedOperator = (typeof orderedOperators)[number];

export type Filter =
  /** All filters pass, or one of them. An empty `and` is true, an empty `or` is false. */
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  /** One event, or one link, passes the whole filter. Inside, the level means this event or link. */
  | { readonly op: 'some'; readonly level: 'event' | 'link'; readonly filter: Filter }
  /** The parent of the span is stored and belongs to this service and, if there is one, has this name. */
  | { readonly op: 'called_by'; readonly service: string; readonly operation: string | undefined }
  | { readonly op: 'eq' | 'ne' | OrderedOperator; readonly reference: Reference; readonly value: Constant }
  | { readonly op: 'in' | 'not_in'; readonly reference: Reference; readonly values: readonly Constant[] }
  /** A part of the text matches: see `patternOf` for the syntax. */
  | { readonly op: 'regex'; readonly reference: Reference; readonly pattern: string }
  | { readonly op: 'exists'; readonly reference: Reference }
  /**
   * A text of the span contains this text, ignoring case: its name, its service, its status message, the name of an event,
   * or the value of an attribute at any level, also inside of lists. There are no wildcards.
   */
  | { readonly op: 'contains'; readonly text: string };

/** Every span passes. */
export const everything: Filter = { op: 'and', filters: [] };

export function allOf(...filters: readonly Filter[]): Filter {
  return { op: 'and', filters };
}

/** An attribute has a value, at one of the levels; by default at any level. */
export function attributeIs(attribute: string, value: Constant, at: readonly Level[] = levels): Filter {
  return { op: 'eq', reference: { attribute, levels: at }, value };
}

/** A field has a value. */
export function fieldIs(field: TextField | EnumField, text: string): Filter {
  return { op: 'eq', reference: { field }, value: { type: 'string', value: text } };
}

/** A time compares with a value. @param valueNs in ns, as the field counts */
export function fieldCompares(field: TimeField, op: OrderedOperator | 'eq' | 'ne', valueNs: bigint): Filter {
  return { op, reference: { field }, value: { type: 'int', value: valueNs } };
}
