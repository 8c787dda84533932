import type { TimeRangeState } from '../range/use-time-range.ts';
import { parseDuration } from '../format/duration.ts';

export const pageSize = 50;

/** The conditions of a search as they are written in the page's URL, without its time range. */
export interface SearchParameters {
  readonly service: string;
  readonly operation: string;
  /** The service that calls, and its operation. */
  readonly caller: string;
  readonly callerOperation: string;
  readonly status: string;
  readonly min: string;
  readonly max: string;
  readonly attribute: readonly string[];
  readonly order: 'newest' | 'slowest';
}

export function searchParametersOf(parameters: URLSearchParams): SearchParameters {
  const text = (name: string): string => parameters.get(name) ?? '';
  return {
    service: text('service'),
    operation: text('operation'),
    caller: text('caller'),
    callerOperation: text('callerOperation'),
    status: text('status'),
    min: text('min'),
    max: text('max'),
    attribute: parameters.getAll('attribute'),
    order: text('order') === 'slowest' ? 'slowest' : 'newest',
  };
}

/** Whether a duration bound is invalid. An invalid bound is not sent. */
export function hasInvalidDuration({ min, max }: SearchParameters): boolean {
  return [min, max].some((text) => text !== '' && parseDuration(text) === undefined);
}

/**
 * Write a search as the query string of the API.
 *
 * @param cursor of the previous page; empty for the first page
 */
export function searchQueryString(
  search: SearchParameters,
  { from, to }: { readonly from: TimeRangeState['from']; readonly to: TimeRangeState['to'] },
  cursor = '',
): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') query.append(name, value);
  };
  set('service', search.service);
  set('operation', search.operation);
  set('caller', search.caller);
  set('callerOperation', search.callerOperation);
  set('status', search.status);
  set('minDurationNs', parseDuration(search.min)?.toString());
  set('maxDurationNs', parseDuration(search.max)?.toString());
  for (const condition of search.attribute) set('attribute', condition);
  set('from', from);
  set('to', to);
  set('order', search.order);
  set('limit', String(pageSize));
  set('cursor', cursor);
  return query.toString();
}
