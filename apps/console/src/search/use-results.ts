import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { FoundSpan, SearchResponse, SpansResponse, TraceSummary, UnknownName } from '../api/types.ts';
import { get } from '../api/client.ts';
import { type SearchParameters, searchQueryString } from './search-parameters.ts';
import type { SearchTime } from './use-search-time.ts';

/** How long results are kept for "Back". */
const keptMs = 30 * 60_000;

/** The results of a search, as far as they are loaded. */
export interface Results {
  readonly queryKey: readonly unknown[];
  readonly traces: readonly TraceSummary[];
  readonly spans: readonly FoundSpan[];
  readonly unknown: readonly UnknownName[];
  /** In ns since 1970: earlier results were not searched yet; undefined if all were. */
  readonly searchedFrom: string | undefined;
  readonly hasMore: boolean;
  readonly isPending: boolean;
  readonly isFetching: boolean;
  readonly isFetchingMore: boolean;
  readonly isSuccess: boolean;
  /** Of the first page, or of the next one. */
  readonly error: Error | null;
  readonly retry: () => void;
  readonly loadMore: () => void;
}

/**
 * Search. The results of each entry of the browser's history are kept, with all pages.
 *
 * @param attributes columns of spans
 * @param isEnabled false for a search that is invalid
 */
export function useResults(
  search: SearchParameters,
  time: SearchTime,
  attributes: readonly string[],
  isEnabled: boolean,
): Results {
  const { from, to, searchedAtMs } = time;
  const { rows } = search;
  const columns = rows === 'spans' ? attributes : [];
  const queryKey = ['search', search, from, to, searchedAtMs, columns];
  const results = useInfiniteQuery<
    SearchResponse | SpansResponse,
    Error,
    InfiniteData<SearchResponse | SpansResponse>,
    readonly unknown[],
    string
  >({
    queryKey,
    enabled: isEnabled,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get(`${rows}?${searchQueryString(search, { from, to }, pageParam, columns)}`, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: Infinity,
    gcTime: keptMs,
  });
  const { fetchNextPage } = results;
  const loadMore = useCallback(() => void fetchNextPage({ cancelRefetch: false }), [fetchNextPage]);
  const pages = results.data?.pages;
  const traces = useMemo(
    // The first span of a trace may arrive after a page: the trace then comes again.
    () =>
      uniqueBy(
        (pages ?? []).flatMap((page) => ('traces' in page ? page.traces : [])),
        ({ traceId }) => traceId,
      ),
    [pages],
  );
  const spans = useMemo(() => (pages ?? []).flatMap((page) => ('spans' in page ? page.spans : [])), [pages]);
  return {
    queryKey,
    traces,
    spans,
    unknown: pages?.[0]?.unknown ?? [],
    searchedFrom: pages?.at(-1)?.searchedFromUnixNano ?? undefined,
    hasMore: results.hasNextPage,
    isPending: results.isPending,
    isFetching: results.isFetching,
    isFetchingMore: results.isFetchingNextPage,
    isSuccess: results.isSuccess,
    error: results.error,
    retry: () => void (results.isFetchNextPageError ? results.fetchNextPage() : results.refetch()),
    loadMore,
  };
}

function uniqueBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  return [...new Map(rows.toReversed().map((row) => [keyOf(row), row])).values()].toReversed();
}
