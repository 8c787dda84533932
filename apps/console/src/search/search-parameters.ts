import type { TimeRangeState } from '../range/use-time-range.ts';
import { parseDuration } from '../format/duration.ts';

export const pageSize = 200;

/** The conditions of a search as they are written in the page's URL, without its time range. */
export interface SearchParameters {
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  /** The service that calls, and its operation. */
  readonly caller: string;
  readonly callerOperation: string;
  readonly status: string;
  readonly min: string;
  readonly max: string;
  /** What `min` and `max` bound: the trace, or the span that meets the other conditions. */
  readonly duration: 'trace' | 'span';
  readonly attribute: readonly string[];
  /** A text that a span contains. */
  readonly text: string;
  readonly order: SearchOrder;
  /** What the rows of the result are. */
  readonly rows: 'traces' | 'spans';
}

export type SearchOrder = 'newest' | 'slowest';

export function searchParametersOf(parameters: URLSearchParams): SearchParameters {
  const text = (name: string): string => parameters.get(name) ?? '';
  return {
    service: text('service'),
    operation: text('operation'),
    kind: text('kind'),
    caller: text('caller'),
    callerOperation: text('callerOperation'),
    status: text('status'),
    min: text('min'),
    max: text('max'),
    duration: text('duration') === 'span' ? 'span' : 'trace',
    attribute: parameters.getAll('attribute'),
    text: text('text'),
    order: text('order') === 'slowest' ? 'slowest' : 'newest',
    rows: text('rows') === 'spans' ? 'spans' : 'traces',
  };
}

/** The parameters of the page's URL for a search: those with their default value are empty. */
export function writeSearch({
  duration,
  order,
  rows,
  ...others
}: SearchParameters): Readonly<Record<keyof SearchParameters, string | readonly string[]>> {
  return {
    ...others,
    duration: duration === 'trace' ? '' : duration,
    order: order === 'newest' ? '' : order,
    rows: rows === 'traces' ? '' : rows,
  };
}

/** A field with a value that cannot be searched for. */
export interface FieldError {
  readonly field: 'min' | 'max';
  readonly message: string;
}

/** Check the durations of a search. @returns undefined if they are valid */
export function durationErrorOf({ min, max }: Pick<SearchParameters, 'min' | 'max'>): FieldError | undefined {
  for (const [field, text] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (text === '' || parseDuration(text) !== undefined) continue;
    const name = field === 'min' ? 'Min duration' : 'Max duration';
    return { field, message: `${name} must be a number with a unit, such as 250ms, 1.5 s or 2min.` };
  }
  const [least, most] = [parseDuration(min), parseDuration(max)];
  if (least === undefined || most === undefined || least <= most) return undefined;
  return { field: 'max', message: `Max duration (${max}) must be at least Min duration (${min}).` };
}

/**
 * Write a search as the query string of the API.
 *
 * @param cursor of the previous page; empty for the first page
 * @param columns keys of attributes to return, if the rows are spans
 */
export function searchQueryString(
  search: SearchParameters,
  { from, to }: { readonly from: TimeRangeState['from']; readonly to: TimeRangeState['to'] },
  cursor = '',
  columns: readonly string[] = [],
): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') query.append(name, value);
  };
  set('service', search.service);
  set('operation', search.operation);
  set('kind', search.kind);
  set('caller', search.caller);
  if (search.caller !== '') set('callerOperation', search.callerOperation);
  set('status', search.status);
  set('minDurationNs', parseDuration(search.min)?.toString());
  set('maxDurationNs', parseDuration(search.max)?.toString());
  if (search.rows === 'traces' && search.duration === 'span') set('duration', 'span');
  for (const condition of search.attribute) set('attribute', condition);
  set('text', search.text);
  set('from', from);
  set('to', to);
  set('order', search.order);
  set('limit', String(pageSize));
  if (search.rows === 'spans') for (const key of columns) set('column', key);
  set('cursor', cursor);
  return query.toString();
}
