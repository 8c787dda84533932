import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from '../../query/filter/filter.js';
import type { Constant } from '../../query/filter/constant.js';
import { type TraceSearch, maxPageSize } from '../../query/find-traces/trace-search.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { parseGoBool } from '../../protocols/go-text.js';

/** Jaeger's default number of traces. */
export const defaultTraceLimit = 100;

/** A search of any of Jaeger's protocols. One span must meet all conditions. */
export interface TraceQuery {
  /** Empty for any. */
  readonly serviceName: string;
  /** Empty for any. */
  readonly operationName: string;
  readonly attributes: readonly (readonly [string, Constant])[];
  /** Nanoseconds; 0 for none. */
  readonly durationMinNs: bigint;
  readonly durationMaxNs: bigint;
  /** Replaces all conditions above. */
  readonly filter?: Filter | undefined;
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
  /** Maximum number of traces; 0 for `defaultTraceLimit`. */
  readonly limit: number;
}

/** @throws TracestoreError `invalid` when it makes no sense */
export function traceSearchOf(query: TraceQuery): TraceSearch {
  const { startTimeMinUnixNano, startTimeMaxUnixNano, durationMinNs, durationMaxNs, limit } = query;
  if (limit < 0 || limit > maxPageSize) {
    throw new TracestoreError(
      errorKinds.invalid,
      `the search depth should be from 1 to ${maxPageSize}, but is ${limit}`,
    );
  }
  if (durationMinNs < 0n || durationMaxNs < 0n) {
    throw new TracestoreError(errorKinds.invalid, 'a duration is less than 0');
  }
  if (query.filter !== undefined && !isWithoutPredicates(query)) {
    throw new TracestoreError(
      errorKinds.invalid,
      'a filter stands in place of service, operation, attributes and durations',
    );
  }
  return {
    filter: query.filter ?? filterOf(query),
    startTimeMinUnixNano,
    startTimeMaxUnixNano,
    limit: limit === 0 ? defaultTraceLimit : limit,
  };
}

function isWithoutPredicates({ serviceName, operationName, attributes, durationMinNs, durationMaxNs }: TraceQuery) {
  return (
    serviceName === '' &&
    operationName === '' &&
    attributes.length === 0 &&
    durationMinNs === 0n &&
    durationMaxNs === 0n
  );
}

function filterOf({ serviceName, operationName, attributes, durationMinNs, durationMaxNs }: TraceQuery): Filter {
  return allOf(
    ...(serviceName === '' ? [] : [fieldIs('resource.service', serviceName)]),
    ...(operationName === '' ? [] : [fieldIs('span.name', operationName)]),
    ...(durationMinNs === 0n ? [] : [fieldCompares('span.duration', 'gte', durationMinNs)]),
    ...(durationMaxNs === 0n ? [] : [fieldCompares('span.duration', 'lte', durationMaxNs)]),
    ...attributes.map(([key, value]) => attributeFilter(key, value)),
  );
}

/**
 * Returns the condition on an attribute. Some keys also stand for a field of the span: Jaeger's older model shows fields
 * as tags, so its users search for them. An attribute that was sent with such a key matches, too.
 */
function attributeFilter(key: string, value: Constant): Filter {
  const field = fieldFilter(key, value);
  return field === undefined ? attributeIs(key, value) : anyOf(field, attributeIs(key, value));
}

/** @returns the condition on a field of the span; undefined if the key does not stand for one */
function fieldFilter(key: string, value: Constant): Filter | undefined {
  const text = textOf(value);
  switch (key) {
    case 'error':
      return errorFilter(parseGoBool(text));
    case 'span.status':
      return fieldIs('span.status', wordOf(text, ['ok', 'error'], 'unset'));
    case 'otel.status_code':
      return ['OK', 'ERROR'].includes(text) ? fieldIs('span.status', text.toLowerCase()) : undefined;
    case 'otel.status_description':
      return fieldIs('span.status_message', text);
    case 'span.kind':
      return fieldIs(
        'span.kind',
        wordOf(text, ['internal', 'server', 'client', 'producer', 'consumer'], 'unspecified'),
      );
    case 'scope.name':
    case 'scope.version':
      return fieldIs(key, text);
    case 'otel.scope.name':
      return fieldIs('scope.name', text);
    case 'otel.scope.version':
      return fieldIs('scope.version', text);
    case 'w3c.tracestate':
      return fieldIs('span.trace_state', text);
    case 'event':
      return fieldIs('event.name', text);
    case 'service.name':
      return fieldIs('resource.service', text);
    case 'resource.service.name':
      return anyOf(fieldIs('resource.service', text), attributeIs('service.name', value, ['resource']));
    default: {
      const resourceKey = /^resource\.(.*)$/s.exec(key)?.[1];
      return resourceKey === undefined ? undefined : attributeIs(resourceKey, value, ['resource']);
    }
  }
}

/** A span is an error by its status, or by an attribute `error` that is true. */
function errorFilter(isError: boolean | undefined): Filter | undefined {
  if (isError === undefined) return undefined;
  const status = fieldIs('span.status', 'error');
  const isTrue: Constant = { type: 'any', text: 'true' };
  return isError
    ? anyOf(status, attributeIs('error', isTrue))
    : { op: 'not', filter: anyOf(status, attributeIs('error', isTrue, ['span'])) };
}

function anyOf(...filters: readonly Filter[]): Filter {
  return { op: 'or', filters };
}

function wordOf(text: string, words: readonly string[], otherwise: string): string {
  const word = text.toLowerCase();
  return words.includes(word) ? word : otherwise;
}

function textOf(value: Constant): string {
  if (value.type === 'any') return value.text;
  return 'value' in value ? String(value.value) : '';
}
