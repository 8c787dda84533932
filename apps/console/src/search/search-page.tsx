import './search.css';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { SearchResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { DifferencesLinks } from '../differences/differences-links.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { Loading } from '../loading.tsx';
import { writeRange } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { useTimeRange } from '../range/use-time-range.ts';
import { OpenFileButton } from '../trace/file-drop.tsx';
import { useAddress } from '../use-address.ts';
import { ResultList } from './result-list.tsx';
import { Scatter, type ScatterArea } from './scatter.tsx';
import { SearchForm } from './search-form.tsx';
import { hasInvalidDuration, searchParametersOf, searchQueryString } from './search-parameters.ts';
import { mergedTraces, useTail } from './use-tail.ts';

const defaultRange = '1h';
const usPerMs = 1_000;

/** The search page: traces with a matching span, as a scatter plot and as a list. */
export function SearchPage() {
  const { parameters, change } = useAddress();
  const search = useMemo(() => searchParametersOf(parameters), [parameters]);
  const time = useTimeRange(defaultRange);
  const { from, to, range, refresh, refreshes } = time;
  // The refresh count is part of the key, so that submitting the same search repeats it.
  const queryKey = ['search', search, from, to, refreshes];
  const results = useInfiniteQuery({
    queryKey,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get<SearchResponse>(`traces?${searchQueryString(search, { from, to }, pageParam)}`, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const canFollow = search.order === 'newest' && range.kind !== 'absolute';
  const isFollowing = canFollow && parameters.get('tail') === '1';
  const tail = useTail(search, isFollowing);
  const found = useMemo(() => results.data?.pages.flatMap((page) => page.traces) ?? [], [results.data]);
  const traces = useMemo(
    () => (canFollow && tail.traces.length > 0 ? mergedTraces(tail.traces, found) : found),
    [canFollow, tail.traces, found],
  );
  const [selected, setSelected] = useState<readonly string[]>([]);
  const firstField = useRef<HTMLInputElement>(null);
  useSlashKey(firstField);
  useEffect(() => {
    document.title = 'Search · Spandrel';
  }, []);
  const searchArea = ({ fromUs, toUs, minNs, maxNs }: ScatterArea): void =>
    change(
      {
        ...writeRange(
          { kind: 'absolute', fromMs: Math.floor(fromUs / usPerMs), toMs: Math.ceil(toUs / usPerMs) + 1 },
          defaultRange,
        ),
        min: formatDuration(minNs),
        max: formatDuration(maxNs),
        tail: undefined,
      },
      'push',
    );
  return (
    <div className="search-page">
      <div className="row spread search-head">
        <h1>Search</h1>
        <div className="row">
          <TraceIdForm />
          <OpenFileButton />
          <TimeRangePicker state={time} canBeAll hasRefresh={false} />
          <button
            type="button"
            aria-pressed={isFollowing}
            disabled={!canFollow}
            title={
              canFollow ? 'Show new traces as they arrive' : 'Live tail needs "newest first" and a range ending now'
            }
            onClick={() => change({ tail: isFollowing ? undefined : '1' })}
          >
            {isFollowing ? '❚❚ Pause' : '▶ Live tail'}
          </button>
        </div>
      </div>
      {/* The key resets the form when the search in the URL changes. */}
      <SearchForm
        key={JSON.stringify(search)}
        search={search}
        firstField={firstField}
        onSearch={(next) => {
          change(next, 'push');
          refresh();
        }}
      />
      {hasInvalidDuration(search) && (
        <p role="alert" className="bad">
          Invalid duration. Enter a number with a unit, such as 250ms, 1.5 s or 2min.
        </p>
      )}
      {results.isPending && (
        <Loading
          what="Searching"
          queryKey={queryKey}
          isFetching={results.isFetching}
          retry={() => void results.refetch()}
        />
      )}
      {results.isError && <Failure error={results.error} retry={() => void results.refetch()} />}
      {isFollowing && tail.error !== undefined && (
        <p role="status" className="bad">
          Live tail failed, retrying: {tail.error.message}
        </p>
      )}
      {results.isSuccess && traces.length === 0 && (
        <div className="notice">
          <h2>No traces found</h2>
          <p>
            Try a wider time range or fewer conditions. If the store is empty, send OTLP to port 4317 (gRPC) or 4318
            (HTTP).
          </p>
        </div>
      )}
      {traces.length > 0 && (
        <>
          <Scatter traces={traces} onSelect={searchArea} />
          <DifferencesLinks search={search} range={range} />
          <div className="row spread">
            <p className="quiet" role="status">
              {traces.length.toLocaleString()}
              {results.hasNextPage ? '+' : ''} traces, {search.order} first
              {isFollowing ? ', live' : ''}
            </p>
            <CompareSelected selected={selected} onClear={() => setSelected([])} />
          </div>
          <ResultList
            traces={traces}
            selected={selected}
            onSelect={(traceId, isSelected) =>
              // Keep the last two selected traces.
              setSelected((before) =>
                [...before.filter((each) => each !== traceId), ...(isSelected ? [traceId] : [])].slice(-2),
              )
            }
          />
          {results.hasNextPage && (
            <button
              type="button"
              className="more"
              disabled={results.isFetchingNextPage}
              onClick={() => void results.fetchNextPage()}
            >
              {results.isFetchingNextPage ? 'Loading more…' : 'Load more'}
            </button>
          )}
        </>
      )}
    </div>
  );
}

function CompareSelected({
  selected,
  onClear,
}: {
  readonly selected: readonly string[];
  readonly onClear: () => void;
}) {
  const [one, other] = selected;
  if (one === undefined) return undefined;
  return (
    <div className="row">
      {other === undefined ? (
        <span className="quiet">Select another trace to compare</span>
      ) : (
        <Link className="button" href={`/compare/${one}/${other}`}>
          Compare traces
        </Link>
      )}
      <button type="button" onClick={onClear}>
        Clear selection
      </button>
    </div>
  );
}

/** Opens a trace by its ID. */
function TraceIdForm() {
  const [, navigate] = useLocation();
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        const id = String(new FormData(event.currentTarget).get('id') ?? '').trim();
        if (id !== '') navigate(`/trace/${id.toLowerCase()}`);
      }}
    >
      <input
        name="id"
        placeholder="Trace ID"
        aria-label="Look up by trace ID"
        pattern="\s*[0-9a-fA-F]{32}\s*"
        title="32 hex digits"
        size={16}
        required
        autoComplete="off"
      />
      <button type="submit">Go</button>
    </form>
  );
}

/** The key `/` focuses the first field, unless the focus is in an input. */
function useSlashKey(field: React.RefObject<HTMLInputElement | null>): void {
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.current?.focus();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}
