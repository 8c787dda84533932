import './search.css';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { SearchAnswer } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { writeRange } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { useTimeRange } from '../range/use-time-range.ts';
import { OpenFileButton } from '../trace/file-drop.tsx';
import { useAddress } from '../use-address.ts';
import { Waiting } from '../waiting.tsx';
import { ResultList } from './result-list.tsx';
import { Scatter, type ScatterPart } from './scatter.tsx';
import { SearchForm } from './search-form.tsx';
import { hasWrongDuration, questionOf, searchWordsOf } from './search-words.ts';
import { mergedTraces, useTail } from './use-tail.ts';

const defaultRange = '1h';
const usPerMs = 1_000;

/** Finds traces by what one of their spans has, and shows them as points and as a list. */
export function SearchPage() {
  const { parameters, change } = useAddress();
  const search = useMemo(() => searchWordsOf(parameters), [parameters]);
  const time = useTimeRange(defaultRange);
  const { from, to, range, refresh, refreshes } = time;
  // How often it was refreshed is a part of the question: the same words are asked again.
  const queryKey = ['search', search, from, to, refreshes];
  const results = useInfiniteQuery({
    queryKey,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get<SearchAnswer>(`traces?${questionOf(search, { from, to }, pageParam)}`, signal),
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
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const firstField = useRef<HTMLInputElement>(null);
  useSlashKey(firstField);
  useEffect(() => {
    document.title = 'Search · Spandrel';
  }, []);
  const showPart = ({ fromUs, toUs, minNs, maxNs }: ScatterPart): void =>
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
              canFollow
                ? 'Show new traces as they arrive'
                : 'For the newest first, up to now: not for a time that is over'
            }
            onClick={() => change({ tail: isFollowing ? undefined : '1' })}
          >
            {isFollowing ? '❚❚ Pause' : '▶ Live tail'}
          </button>
        </div>
      </div>
      {/* Another search is another form. */}
      <SearchForm
        key={JSON.stringify(search)}
        search={search}
        firstField={firstField}
        onSearch={(next) => {
          change(next, 'push');
          refresh();
        }}
      />
      {hasWrongDuration(search) && (
        <p role="alert" className="bad">
          A duration is a number with a unit, such as 250ms, 1.5 s or 2min.
        </p>
      )}
      {results.isPending && (
        <Waiting
          what="Searching"
          queryKey={queryKey}
          isAsking={results.isFetching}
          retry={() => void results.refetch()}
        />
      )}
      {results.isError && <Failure error={results.error} retry={() => void results.refetch()} />}
      {isFollowing && tail.error !== undefined && (
        <p role="status" className="bad">
          Nothing new can be had at the moment: {tail.error.message}
        </p>
      )}
      {results.isSuccess && traces.length === 0 && (
        <div className="notice">
          <h2>No trace is like that</h2>
          <p>
            Look further back, or ask for less. Nothing has arrived at all? Services send OTLP to port 4317 (gRPC) or
            4318 (HTTP).
          </p>
        </div>
      )}
      {traces.length > 0 && (
        <>
          <Scatter traces={traces} onPart={showPart} />
          <div className="row spread">
            <p className="quiet" role="status">
              {traces.length.toLocaleString()} traces{results.hasNextPage ? ', and more' : ''}, {search.order} first
              {isFollowing ? ', as they arrive' : ''}
            </p>
            <CompareChosen chosen={chosen} onNone={() => setChosen([])} />
          </div>
          <ResultList
            traces={traces}
            chosen={chosen}
            onChoose={(traceId, isChosen) =>
              // The two that were chosen last.
              setChosen((before) =>
                [...before.filter((each) => each !== traceId), ...(isChosen ? [traceId] : [])].slice(-2),
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
              {results.isFetchingNextPage ? 'Reading on…' : 'More'}
            </button>
          )}
        </>
      )}
    </div>
  );
}

function CompareChosen({ chosen, onNone }: { readonly chosen: readonly string[]; readonly onNone: () => void }) {
  const [one, other] = chosen;
  if (one === undefined) return undefined;
  return (
    <div className="row">
      {other === undefined ? (
        <span className="quiet">Choose another one to compare them</span>
      ) : (
        <Link className="button" href={`/compare/${one}/${other}`}>
          Compare both
        </Link>
      )}
      <button type="button" onClick={onNone}>
        Choose none
      </button>
    </div>
  );
}

/** For who has an id from a log or an error. */
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
        placeholder="Trace id"
        aria-label="Go to the trace with this id"
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

/** `/` goes to the first field, wherever the focus is, but where one types. */
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
