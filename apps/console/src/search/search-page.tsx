import './search.css';
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Link, useLocation, useSearch } from 'wouter';
import type { FoundSpan, TraceSummary } from '../api/types.ts';
import { ApiError } from '../api/client.ts';
import { CopyButton } from '../copy-button.tsx';
import { DifferencesLinks } from '../differences/differences-links.tsx';
import { Failure } from '../failure.tsx';
import { counted, formatNumber } from '../format/number.ts';
import { formatTime } from '../format/time.ts';
import { Loading } from '../loading.tsx';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { OpenFileButton } from '../trace/file-drop.tsx';
import { useAddress } from '../use-address.ts';
import { useIsPhone } from '../use-is-phone.ts';
import { ColumnsMenu } from './columns-menu.tsx';
import { NoResults } from './no-results.tsx';
import { keepResultOrder } from './result-order.ts';
import { type ResultColumn, ResultTable } from './result-table.tsx';
import { SavedSearches } from './saved-searches.tsx';
import { WithFacets } from './facets.tsx';
import { RangeOverview } from './range-overview.tsx';
import { SearchForm } from './search-form.tsx';
import { SearchSummary } from './search-summary.tsx';
import {
  durationErrorOf,
  type SearchOrder,
  searchParametersOf,
  searchQueryString,
  writeSearch,
} from './search-parameters.ts';
import { attributeColumn, spanColumns } from './span-columns.tsx';
import { changeStoredSearches, withRecent } from './stored-searches.ts';
import { servicesOf, traceColumns } from './trace-columns.tsx';
import { useAttributeKeys } from './use-attribute-keys.ts';
import { useColumns } from './use-columns.ts';
import { useKeptScroll } from './use-kept-scroll.ts';
import { type Results, useResults } from './use-results.ts';
import { useSearchTime } from './use-search-time.ts';
import { mergedTraces, type Tail, useHeld, useTail } from './use-tail.ts';

const defaultRange = '1h';

/** The search page: traces with a matching span, as a scatter plot and as a list; or the spans that match. */
export function SearchPage() {
  const { parameters, change } = useAddress();
  const search = useMemo(() => searchParametersOf(parameters), [parameters]);
  const time = useSearchTime(defaultRange);
  const { range, refresh, searchedAtMs } = time;
  const { chosen, change: changeColumns, reset } = useColumns();
  const error = durationErrorOf(search);
  const results = useResults(search, time, chosen.attributes, error === undefined);
  const isOfSpans = search.rows === 'spans';
  const canFollow = search.order === 'newest' && range.kind !== 'absolute' && !isOfSpans;
  const isFollowing = canFollow && parameters.get('tail') === '1';
  const tail = useTail(search, isFollowing && error === undefined);
  const [isPointed, setPointed] = useState(false);
  const count = isOfSpans ? results.spans.length : results.traces.length;
  const isScrolled = useKeptScroll(searchedAtMs, results.isSuccess);
  // The list does not move under the pointer, nor while one reads further down.
  const heldTail = useHeld(tail.traces, isPointed || isScrolled);
  const traces = useMemo(
    () => (canFollow && heldTail.length > 0 ? mergedTraces(heldTail, results.traces) : results.traces),
    [canFollow, heldTail, results.traces],
  );
  const waiting = useMemo(() => {
    const shown = new Set(traces.map(({ traceId }) => traceId));
    return canFollow ? tail.traces.filter(({ traceId }) => !shown.has(traceId)).length : 0;
  }, [canFollow, tail.traces, traces]);
  const [selected, setSelected] = useState<readonly string[]>([]);
  const firstField = useRef<HTMLInputElement>(null);
  const query = useSearch();
  // On a phone the form would fill the screen above the results.
  const isPhone = useIsPhone();
  const [isFormOpen, setFormOpen] = useState(false);
  const isFolded = isPhone && !isFormOpen;
  useSlashKey(firstField, () => setFormOpen(true));
  useEffect(() => {
    document.title = 'Search · Spandrel';
  }, []);
  useEffect(() => {
    if (count === 0) return;
    const ids = isOfSpans ? results.spans : traces;
    keepResultOrder({
      address: query === '' ? '/search' : `/search?${query}`,
      traceIds: ids.map(({ traceId }) => traceId),
    });
    changeStoredSearches((before) => withRecent(before, query));
  }, [count, isOfSpans, query, results.spans, traces]);
  const sort = (order: SearchOrder): void => change({ order: order === 'newest' ? '' : order }, 'push');
  const countedSearch = {
    // The duration of a row of spans is that of the span.
    query: error === undefined ? `${searchQueryString(search, time)}${isOfSpans ? '&duration=span' : ''}` : undefined,
    time,
    isFollowing,
  };
  return (
    <div className="search-page">
      <div className="row spread search-head">
        <h1>Search</h1>
        <div className="row">
          <div className="row" hidden={isFolded}>
            <SavedSearches query={query} />
            <TraceIdForm />
            <OpenFileButton />
          </div>
          <TimeRangePicker state={time} canBeAll hasRefresh={false} />
          <button
            type="button"
            aria-pressed={isFollowing}
            disabled={!canFollow}
            title={
              canFollow
                ? 'Show new traces as they arrive'
                : 'Live tail needs traces, "newest first", and a range ending now'
            }
            onClick={() => change({ tail: isFollowing ? undefined : '1' })}
          >
            {isFollowing ? '❚❚ Pause' : '▶ Live tail'}
          </button>
        </div>
      </div>
      {isPhone && <SearchSummary query={query} isOpen={isFormOpen} onToggle={() => setFormOpen(!isFormOpen)} />}
      {/* The key resets the form when the search in the URL changes. */}
      <SearchForm
        key={JSON.stringify(search)}
        search={search}
        firstField={firstField}
        isHidden={isFolded}
        onSearch={(next) => {
          setFormOpen(false);
          change(writeSearch(next), 'push');
          refresh();
        }}
      />
      {error !== undefined && (
        <p role="alert" className="bad">
          {error.message}
        </p>
      )}
      {results.isPending && error === undefined && (
        <Loading what="Searching" queryKey={results.queryKey} isFetching={results.isFetching} retry={results.retry} />
      )}
      {results.isSuccess && count === 0 && traces.length === 0 && !results.hasMore && (
        <NoResults rows={search.rows} unknown={results.unknown} />
      )}
      <RangeOverview search={countedSearch} traces={isOfSpans ? [] : traces} fallback={defaultRange} />
      {count > 0 && <DifferencesLinks search={search} range={time.range} />}
      <div className="row spread result-tools">
        <div className="row">
          <div className="row" role="group" aria-label="Rows">
            {(['traces', 'spans'] as const).map((rows) => (
              <button
                key={rows}
                type="button"
                aria-pressed={search.rows === rows}
                onClick={() => change({ rows: rows === 'traces' ? undefined : rows, tail: undefined }, 'push')}
              >
                {rows === 'traces' ? 'Traces' : 'Spans'}
              </button>
            ))}
          </div>
          <p className="quiet" role="status">
            {results.isSuccess &&
              `${formatNumber(isOfSpans ? count : traces.length)} ${search.rows}${results.hasMore ? ' loaded' : ''}, ${search.order} first${isFollowing ? ', live' : ''}`}
          </p>
          <TailState tail={tail} isOn={isFollowing} waiting={waiting} />
        </div>
        <div className="row">
          <CompareSelected selected={selected} onClear={() => setSelected([])} />
          <Columns search={search} chosen={chosen} onChange={changeColumns} onReset={reset} />
        </div>
      </div>
      <WithFacets search={search} counted={countedSearch}>
        <div onPointerEnter={() => setPointed(true)} onPointerLeave={() => setPointed(false)}>
          {isOfSpans && count > 0 && (
            <SpanList
              results={results}
              order={search.order}
              shown={chosen.spans}
              attributes={chosen.attributes}
              onOrder={sort}
            />
          )}
          {!isOfSpans && traces.length > 0 && (
            <TraceList
              results={results}
              traces={traces}
              order={search.order}
              shown={chosen.traces}
              onOrder={sort}
              selected={selected}
              onSelect={(traceId, isSelected) =>
                // Keep the last two selected traces.
                setSelected((before) =>
                  [...before.filter((each) => each !== traceId), ...(isSelected ? [traceId] : [])].slice(-2),
                )
              }
            />
          )}
        </div>
        <MoreResults results={results} />
      </WithFacets>
    </div>
  );
}

function TraceList(props: {
  readonly results: Results;
  readonly traces: readonly TraceSummary[];
  readonly order: SearchOrder;
  readonly shown: readonly string[];
  readonly onOrder: (order: SearchOrder) => void;
  readonly selected: readonly string[];
  readonly onSelect: (traceId: string, isSelected: boolean) => void;
}) {
  const { results, traces, order, shown, onOrder, selected, onSelect } = props;
  return (
    <ResultTable
      label="Traces"
      rows={traces}
      keyOf={({ traceId }) => traceId}
      hrefOf={({ traceId }) => `/trace/${traceId}`}
      titleOf={servicesOf}
      columns={shownOf(traceColumns, shown)}
      order={order}
      onOrder={onOrder}
      onEnd={useLoadAhead(results)}
      lead={({ traceId }) => (
        <>
          <input
            type="checkbox"
            aria-label={`Compare trace ${traceId}`}
            title="Select two traces to compare"
            checked={selected.includes(traceId)}
            onChange={({ target }) => onSelect(traceId, target.checked)}
          />
          {!shown.includes('trace') && <CopyButton text={traceId} what={`trace ID ${traceId}`} />}
        </>
      )}
    />
  );
}

function SpanList(props: {
  readonly results: Results;
  readonly order: SearchOrder;
  readonly shown: readonly string[];
  readonly attributes: readonly string[];
  readonly onOrder: (order: SearchOrder) => void;
}) {
  const { results, order, shown, attributes, onOrder } = props;
  const columns = useMemo(
    (): readonly ResultColumn<FoundSpan>[] => [...shownOf(spanColumns, shown), ...attributes.map(attributeColumn)],
    [shown, attributes],
  );
  return (
    <ResultTable
      label="Spans"
      rows={results.spans}
      keyOf={({ traceId, spanId, startTimeUnixNano }) => `${traceId} ${spanId} ${startTimeUnixNano}`}
      hrefOf={({ traceId, spanId }) => `/trace/${traceId}?span=${spanId}`}
      columns={columns}
      order={order}
      onOrder={onOrder}
      onEnd={useLoadAhead(results)}
    />
  );
}

/** The first column, and the chosen ones. */
function shownOf<Row>(columns: readonly ResultColumn<Row>[], ids: readonly string[]): readonly ResultColumn<Row>[] {
  return columns.filter(({ id }, n) => n === 0 || ids.includes(id));
}

/** Load the next page, unless it has to be searched for further back, or has failed. */
function useLoadAhead({ hasMore, isFetchingMore, error, searchedFrom, loadMore }: Results): () => void {
  const canLoad = hasMore && !isFetchingMore && error === null && searchedFrom === undefined;
  return useCallback(() => {
    if (canLoad) loadMore();
  }, [canLoad, loadMore]);
}

/** What follows the list: more results, how far the search got, or why it stopped. */
function MoreResults({ results }: { readonly results: Results }) {
  const { error, retry, hasMore, isFetchingMore, searchedFrom, loadMore } = results;
  if (error !== null) return <Failure error={error} {...(canRetry(error) ? { retry } : {})} />;
  if (searchedFrom !== undefined) {
    return (
      <div className="row" role="status">
        <span>
          Searched back to <time>{formatTime(searchedFrom)}</time>: earlier results would take longer.
        </span>
        {hasMore && (
          <button type="button" disabled={isFetchingMore} onClick={loadMore}>
            {isFetchingMore ? 'Searching…' : 'Search further back'}
          </button>
        )}
      </div>
    );
  }
  return isFetchingMore ? <p role="status">Loading more…</p> : undefined;
}

/** Whether the same request may succeed later: not if the search itself is invalid. */
function canRetry(error: Error): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}

/** Traces that the list does not show yet, and why there are none. */
function TailState({ tail, isOn, waiting }: { readonly tail: Tail; readonly isOn: boolean; readonly waiting: number }) {
  if (!isOn) return undefined;
  return (
    <>
      {waiting > 0 && (
        <button
          type="button"
          onClick={() => {
            const main = document.querySelector('main');
            if (main !== null) main.scrollTop = 0;
          }}
        >
          {counted(waiting, 'new trace')} ↑
        </button>
      )}
      {tail.error !== undefined && (
        <p role="status" className="bad">
          Cannot load new traces: {tail.error instanceof ApiError ? tail.error.title : tail.error.message}. Retrying…
        </p>
      )}
    </>
  );
}

function Columns({
  search,
  chosen,
  onChange,
  onReset,
}: {
  readonly search: ReturnType<typeof searchParametersOf>;
  readonly chosen: ReturnType<typeof useColumns>['chosen'];
  readonly onChange: ReturnType<typeof useColumns>['change'];
  readonly onReset: () => void;
}) {
  const isOfSpans = search.rows === 'spans';
  const keys = useAttributeKeys(search.service, isOfSpans);
  return (
    <ColumnsMenu
      columns={(isOfSpans ? spanColumns : traceColumns).slice(1)}
      shown={isOfSpans ? chosen.spans : chosen.traces}
      onShown={(ids) => onChange(isOfSpans ? { spans: ids } : { traces: ids })}
      onReset={onReset}
      {...(isOfSpans
        ? { attributes: chosen.attributes, keys, onAttributes: (attributes) => onChange({ attributes }) }
        : {})}
    />
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
function useSlashKey(field: React.RefObject<HTMLInputElement | null>, onKeyDown: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // A hidden field cannot have the focus.
    flushSync(onKeyDown);
    field.current?.focus();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}
