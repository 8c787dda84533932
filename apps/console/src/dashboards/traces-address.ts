import { isoOf, type TimeRange, writeRange } from '../range/time-range.ts';

/** What traces one is led to; what is missing may be anything. */
export interface WantedTraces {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly isFailed?: boolean | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly leastMs?: number | undefined;
  readonly mostMs?: number | undefined;
}

/** The address of the search for these traces. */
export function tracesAddress(wanted: WantedTraces, range?: TimeRange): string {
  const question = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') question.set(name, value);
  };
  set('service', wanted.service);
  set('operation', wanted.operation);
  set('status', wanted.isFailed === true ? 'error' : '');
  if (wanted.leastMs !== undefined && wanted.leastMs > 0) set('min', durationText(wanted.leastMs));
  if (wanted.mostMs !== undefined) set('max', durationText(wanted.mostMs));
  if (wanted.fromMs !== undefined && wanted.toMs !== undefined) {
    set('from', isoOf(wanted.fromMs));
    set('to', isoOf(wanted.toMs));
  } else if (range !== undefined) {
    for (const [name, value] of Object.entries(writeRange(range, ''))) set(name, value);
  }
  return `/search?${question.toString()}`;
}

/** As Search reads a duration. Bounds of classes are rounded, so a little more is let in. */
function durationText(ms: number): string {
  return `${Math.round(ms * 1_000)}us`;
}

/** The service, and where there is one the operation, that a series or slice is named by. */
export function callOf(
  name: string,
  operations: readonly { readonly service: string; readonly name: string }[],
): Pick<WantedTraces, 'service' | 'operation'> {
  if (operations.some(({ service }) => service === name)) return { service: name };
  const found = operations.find((operation) => `${operation.service} ${operation.name}` === name);
  return found === undefined ? {} : { service: found.service, operation: found.name };
}
