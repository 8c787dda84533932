import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from '../../query/filter/filter.js';
import type { Constant } from '../../query/filter/constant.js';
import { type TraceSearch, maxPageSize } from '../../query/find-traces/trace-search.js';
import { QueryError, queryErrors } from '../../query/query-error.js';
import { parseGoBool } from '../go-text.js';

/** How many traces Jaeger gives where nothing is said. */
export const defaultTraceLimit = 100;

/** What Jaeger's searches ask, whichever of its protocols they come by. All of it is asked of one span. */
export interface TraceQuery {
  /** Empty for any. */
  readonly serviceName: string;
  /** Empty for any. */
  readonly operationName: string;
  readonly attributes: readonly (readonly [string, Constant])[];
  /** Nanoseconds; 0 for none. */
  readonly durationMinNs: bigint;
  readonly durationMaxNs: bigint;
  /** In place of all that. */
  readonly filter?: Filter | undefined;
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
  /** How many traces; 0 for `defaultTraceLimit`. */
  readonly limit: number;
}

/** @throws QueryError `invalid` when it makes no sense */
export function traceSearchOf(query: TraceQuery): TraceSearch {
  const { startTimeMinUnixNano, startTimeMaxUnixNano, durationMinNs, durationMaxNs, limit } = query;
  if (limit < 0 || limit > maxPageSize) {
    throw new QueryError(queryErrors.invalid, `the search depth should be from 1 to ${maxPageSize}, but is ${limit}`);
  }
  if (durationMinNs < 0n || durationMaxNs < 0n) {
    throw new QueryError(queryErrors.invalid, 'a duration is less than 0');
  }
  if (query.filter !== undefined && !isWithoutPredicates(query)) {
    throw new QueryError(
      queryErrors.invalid,
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

/** Fulfilled by no span. */
const nothing: Filter = { op: 'or', filters: [] };

/**
 * An attribute of a search. Some keys stand for what a span says of itself: Jaeger's older model had them as tags, and
 * its users go on asking for them so.
 */
function attributeFilter(key: string, value: Constant): Filter {
  const text = textOf(value);
  switch (key) {
    case 'error': {
      const isError = parseGoBool(text);
      if (isError === undefined) return nothing;
      const failed = fieldIs('span.status', 'error');
      return isError ? failed : { op: 'not', filter: failed };
    }
    case 'span.status':
      return fieldIs('span.status', wordOf(text, ['ok', 'error'], 'unset'));
    case 'span.kind':
      return fieldIs(
        'span.kind',
        wordOf(text, ['internal', 'server', 'client', 'producer', 'consumer'], 'unspecified'),
      );
    case 'scope.name':
    case 'scope.version':
      return fieldIs(key, text);
    default: {
      const resourceKey = /^resource\.(.*)$/s.exec(key)?.[1];
      return resourceKey === undefined ? attributeIs(key, value) : attributeIs(resourceKey, value, ['resource']);
    }
  }
}

function wordOf(text: string, words: readonly string[], otherwise: string): string {
  const word = text.toLowerCase();
  return words.includes(word) ? word : otherwise;
}

function textOf(value: Constant): string {
  if (value.type === 'any') return value.text;
  return 'value' in value ? String(value.value) : '';
}
