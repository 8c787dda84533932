import { isoOf, type TimeRange, writeRange } from '../range/time-range.ts';

/** Conditions of a search for traces. A missing one matches everything. */
export interface TracesFilter {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  /** The service of the parent of the span, and its operation. */
  readonly caller?: string | undefined;
  readonly callerOperation?: string | undefined;
  readonly isFailed?: boolean | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly minMs?: number | undefined;
  readonly maxMs?: number | undefined;
}

/** The URL of a search for traces. @param range used if the filter has no time of its own */
export function tracesAddress(filter: TracesFilter, range?: TimeRange): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') query.set(name, value);
  };
  set('service', filter.service);
  set('operation', filter.operation);
  set('caller', filter.caller);
  set('callerOperation', filter.callerOperation);
  set('status', filter.isFailed === true ? 'error' : '');
  if (filter.minMs !== undefined && filter.minMs > 0) set('min', durationText(filter.minMs));
  if (filter.maxMs !== undefined) set('max', durationText(filter.maxMs));
  // Panels show durations of calls, which are those of spans.
  if (query.has('min') || query.has('max')) set('duration', 'span');
  if (filter.fromMs !== undefined && filter.toMs !== undefined) {
    set('from', isoOf(filter.fromMs));
    set('to', isoOf(filter.toMs));
  } else if (range !== undefined) {
    for (const [name, value] of Object.entries(writeRange(range, ''))) set(name, value);
  }
  return `/search?${query.toString()}`;
}

/** A duration as the search page reads it, rounded to microseconds. */
function durationText(ms: number): string {
  return `${Math.round(ms * 1_000)}us`;
}

/** The service, and the operation if there is one, that a series or a slice is named after. */
export function callOf(
  name: string,
  operations: readonly { readonly service: string; readonly name: string }[],
): Pick<TracesFilter, 'service' | 'operation'> {
  if (operations.some(({ service }) => service === name)) return { service: name };
  const found = operations.find((operation) => `${operation.service} ${operation.name}` === name);
  return found === undefined ? {} : { service: found.service, operation: found.name };
}
