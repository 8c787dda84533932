import type { TimeRangeState } from '../range/use-time-range.ts';
import { parseDuration } from '../format/duration.ts';

export const pageSize = 50;

/** The words of a search, but for its time, as the address has them. */
export interface SearchWords {
  readonly service: string;
  readonly operation: string;
  readonly status: string;
  readonly min: string;
  readonly max: string;
  readonly attribute: readonly string[];
  readonly order: 'newest' | 'slowest';
}

export function searchWordsOf(parameters: URLSearchParams): SearchWords {
  const text = (name: string): string => parameters.get(name) ?? '';
  return {
    service: text('service'),
    operation: text('operation'),
    status: text('status'),
    min: text('min'),
    max: text('max'),
    attribute: parameters.getAll('attribute'),
    order: text('order') === 'slowest' ? 'slowest' : 'newest',
  };
}

/** Whether a bound of the duration can't be read; it is left out of the question. */
export function hasWrongDuration({ min, max }: SearchWords): boolean {
  return [min, max].some((text) => text !== '' && parseDuration(text) === undefined);
}

/**
 * A search as the API takes it.
 *
 * @param cursor of the page before; empty for the first
 */
export function questionOf(
  search: SearchWords,
  { from, to }: { readonly from: TimeRangeState['from']; readonly to: TimeRangeState['to'] },
  cursor = '',
): string {
  const question = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') question.append(name, value);
  };
  set('service', search.service);
  set('operation', search.operation);
  set('status', search.status);
  set('minDurationNs', parseDuration(search.min)?.toString());
  set('maxDurationNs', parseDuration(search.max)?.toString());
  for (const condition of search.attribute) set('attribute', condition);
  set('from', from);
  set('to', to);
  set('order', search.order);
  set('limit', String(pageSize));
  set('cursor', cursor);
  return question.toString();
}
