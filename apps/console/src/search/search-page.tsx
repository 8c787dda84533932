import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useId, useMemo } from 'react';
import { Link } from 'wouter';
import type { SearchAnswer, TraceSummary } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration, parseDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { serviceColour } from '../service-colour.ts';
import { useAddress } from '../use-address.ts';
import { Scatter } from './scatter.tsx';

const ranges = ['15m', '1h', '6h', '1d', '7d', 'all'] as const;
const defaultRange = '1h';
const pageSize = 50;
const nsPerMs = 1_000_000n;

/** The words of a search as the address has them. */
function searchOf(parameters: URLSearchParams) {
  const text = (name: string): string => parameters.get(name) ?? '';
  return {
    service: text('service'),
    operation: text('operation'),
    status: text('status'),
    min: text('min'),
    max: text('max'),
    attribute: parameters.getAll('attribute'),
    range: text('range') === '' ? defaultRange : text('range'),
    order: text('order') === 'slowest' ? 'slowest' : 'newest',
  };
}
type Search = ReturnType<typeof searchOf>;

export function SearchPage() {
  const { parameters, change } = useAddress();
  const search = useMemo(() => searchOf(parameters), [parameters]);
  const results = useInfiniteQuery({
    queryKey: ['search', search],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => get<SearchAnswer>(`traces?${questionOf(search, pageParam)}`, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const traces = useMemo(() => results.data?.pages.flatMap((page) => page.traces) ?? [], [results.data]);
  useEffect(() => {
    document.title = 'Search · Spandrel';
  }, []);
  const wrong = ['min', 'max'].find((name) => {
    const text = parameters.get(name) ?? '';
    return text !== '' && parseDuration(text) === undefined;
  });
  return (
    <div className="search-page">
      <h1>Search</h1>
      {/* What is typed belongs to the form until it is sent; another address is another form. */}
      <SearchForm
        key={parameters.toString()}
        search={search}
        onSearch={(next) => change(next, 'push')}
        refresh={() => void results.refetch()}
      />
      {wrong !== undefined && (
        <p role="alert" className="bad">
          A duration is a number with a unit, such as 250ms, 1.5 s or 2min.
        </p>
      )}
      {results.isPending && <div className="skeleton" role="status" aria-label="Searching" />}
      {results.isError && <Failure error={results.error} retry={() => void results.refetch()} />}
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
          <Scatter traces={traces} />
          <p className="quiet" role="status">
            {traces.length.toLocaleString()} traces{results.hasNextPage ? ', and more' : ''}, {search.order} first
          </p>
          <ol className="results">
            {traces.map((trace) => (
              <Result key={trace.traceId} trace={trace} />
            ))}
          </ol>
          {results.hasNextPage && (
            <button type="button" disabled={results.isFetchingNextPage} onClick={() => void results.fetchNextPage()}>
              {results.isFetchingNextPage ? 'Reading on…' : 'More'}
            </button>
          )}
        </>
      )}
    </div>
  );
}

function SearchForm({
  search,
  onSearch,
  refresh,
}: {
  readonly search: Search;
  readonly onSearch: (changes: Readonly<Record<string, string | readonly string[]>>) => void;
  readonly refresh: () => void;
}) {
  const id = useId();
  const services = useQuery({
    queryKey: ['services'],
    queryFn: ({ signal }) => get<{ readonly services: readonly string[] }>('services', signal),
  });
  const ofService = search.service === '' ? '' : `?service=${encodeURIComponent(search.service)}`;
  const operations = useQuery({
    queryKey: ['operations', search.service],
    queryFn: ({ signal }) =>
      get<{ readonly operations: readonly { readonly name: string }[] }>(`operations${ofService}`, signal),
  });
  const keys = useQuery({
    queryKey: ['attribute-keys', search.service],
    queryFn: ({ signal }) =>
      get<{ readonly keys: readonly { readonly key: string }[] }>(`attribute-keys${ofService}`, signal),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const next = {
      service: text('service'),
      operation: text('operation'),
      status: text('status'),
      min: text('min'),
      max: text('max'),
      attribute: data.getAll('attribute').map((each) => String(each).trim()),
      range: text('range') === defaultRange ? '' : text('range'),
      order: text('order') === 'newest' ? '' : text('order'),
    };
    onSearch(next);
    refresh();
  };
  const names = [...new Set(operations.data?.operations.map(({ name }) => name))];
  const keyNames = [...new Set(keys.data?.keys.map(({ key }) => key))];
  return (
    <form role="search" className="search-form" onSubmit={submit}>
      <label>
        Service
        <input name="service" list={`${id}-services`} defaultValue={search.service} autoComplete="off" />
      </label>
      <label>
        Operation
        <input name="operation" list={`${id}-operations`} defaultValue={search.operation} autoComplete="off" />
      </label>
      <label>
        Status
        <select name="status" defaultValue={search.status}>
          <option value="">any</option>
          <option>error</option>
          <option>ok</option>
          <option>unset</option>
        </select>
      </label>
      <label>
        Lasts at least
        <input name="min" placeholder="100ms" size={8} defaultValue={search.min} />
      </label>
      <label>
        At most
        <input name="max" placeholder="2s" size={8} defaultValue={search.max} />
      </label>
      {[...search.attribute, ''].map((condition, n) => (
        <label key={n} className="wide">
          {n === 0 ? 'Attribute' : 'And attribute'}
          <input
            name="attribute"
            list={`${id}-keys`}
            placeholder="http.route=/numbers"
            title="A key, or a key and a value with =, !=, >, >=, <, <= or ~ (a regular expression) between"
            defaultValue={condition}
            autoComplete="off"
          />
        </label>
      ))}
      <label>
        Time
        <select name="range" defaultValue={search.range}>
          {ranges.map((range) => (
            <option key={range} value={range}>
              {range === 'all' ? 'all' : `last ${range}`}
            </option>
          ))}
        </select>
      </label>
      <label>
        Order
        <select name="order" defaultValue={search.order}>
          <option value="newest">newest first</option>
          <option value="slowest">slowest first</option>
        </select>
      </label>
      <button type="submit" className="primary">
        Search
      </button>
      <Options id={`${id}-services`} values={services.data?.services ?? []} />
      <Options id={`${id}-operations`} values={names} />
      <Options id={`${id}-keys`} values={keyNames} />
    </form>
  );
}

function Options({ id, values }: { readonly id: string; readonly values: readonly string[] }) {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

function Result({ trace }: { readonly trace: TraceSummary }) {
  return (
    <li>
      <Link href={`/trace/${trace.traceId}`}>
        <span className="result-name">
          {trace.root === null ? (
            <em>no root: {trace.orphans} spans whose parent is not stored</em>
          ) : (
            <>
              <bdi className="service">{trace.root.service}</bdi> <bdi>{trace.root.operation}</bdi>
            </>
          )}
        </span>
        <span className="number">{formatDuration(trace.durationNs)}</span>
        <span className="number">{counted(trace.spans, 'span')}</span>
        <span className={trace.errors > 0 ? 'number bad' : 'number quiet'}>{counted(trace.errors, 'error')}</span>
        <span className="services">
          {trace.services.map(({ name, spans }) => (
            <span key={name} title={`${name}: ${spans} spans`}>
              <span className={`dot ${serviceColour(name)}`} aria-hidden="true" />
              <bdi>{name}</bdi> {spans}
            </span>
          ))}
        </span>
        <time className="quiet">{formatTime(trace.startTimeUnixNano)}</time>
      </Link>
    </li>
  );
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`;
}

/** The query string for the API. */
function questionOf(search: Search, cursor: string): string {
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
  const lookbackNs = parseDuration(search.range);
  // A page that is read on has to be of the same search; spans before its begin would only have grown old.
  if (lookbackNs !== undefined && cursor === '') {
    set('from', String(BigInt(Date.now()) * nsPerMs - BigInt(lookbackNs)));
  }
  set('order', search.order);
  set('limit', String(pageSize));
  set('cursor', cursor);
  return question.toString();
}
