import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client.ts';
import { boundsOf, unixNanoOf } from '../range/time-range.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import type { SearchTime } from './use-search-time.ts';

/** The pause between a response and the next request of a live tail. A slow store is therefore queried less often. */
const pauseMs = 5_000;

/** What counts the traces of a search need to know of it. */
export interface CountedSearch {
  /** The query string of the search in the API; undefined if the search is not valid. */
  readonly query: string | undefined;
  readonly time: SearchTime;
  /** Whether a live tail is on. */
  readonly isFollowing: boolean;
}

/** Counts, and the range that they are of; undefined if it is unlimited. */
interface Counted<Counts> {
  readonly counts: Counts;
  readonly bounds: TimeRangeState['bounds'];
}

/**
 * Count the traces of a search. During a live tail they are counted again, up to now: never two times at once, and not while
 * the page is hidden. The old counts stay until the new ones are there.
 *
 * @param path of the API
 * @param keys the parameter `key`
 * @param isHeld whether the counts must not change, because the pointer is on them
 */
export function useCounts<Counts>(
  path: 'traces/heatmap' | 'traces/facets',
  { query, time, isFollowing }: CountedSearch,
  isHeld: boolean,
  keys: readonly string[] = [],
) {
  const conditions = conditionsOf(query ?? '', keys);
  const queryKey = [path, conditions];
  const counted = useQuery({
    queryKey,
    enabled: query !== undefined,
    queryFn: async ({ signal }): Promise<Counted<Counts>> => {
      const bounds = isFollowing ? boundsOf(time.range, Date.now()) : time.bounds;
      const asked = new URLSearchParams(conditions);
      if (bounds !== undefined) {
        asked.set('from', unixNanoOf(bounds.fromMs));
        asked.set('to', unixNanoOf(bounds.toMs));
      }
      return { counts: await get<Counts>(`${path}?${asked.toString()}`, signal), bounds };
    },
    placeholderData: (before) => before,
    refetchInterval: isFollowing && !isHeld && pauseMs,
  });
  return { ...counted, queryKey };
}

/** The conditions in the query string of a search, without order and pages, and keys. */
function conditionsOf(query: string, keys: readonly string[]): string {
  const conditions = new URLSearchParams(query);
  for (const name of ['order', 'limit', 'cursor']) conditions.delete(name);
  for (const key of keys) conditions.append('key', key);
  return conditions.toString();
}
