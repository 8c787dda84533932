import '../dashboards/dashboards.css';
import './differences.css';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import { get } from '../api/client.ts';
import type { DifferencesResponse } from '../api/types.ts';
import { NoData } from '../charts/no-data.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration, parseDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { Loading } from '../loading.tsx';
import { unixNanoOf } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { type TimeRangeState, useTimeRange } from '../range/use-time-range.ts';
import { type SearchParameters, searchParametersOf, searchQueryString } from '../search/search-parameters.ts';
import { useAddress } from '../use-address.ts';
import {
  isOfSelection,
  selectedTracesAddress,
  type Selection,
  selectionOf,
  writeSelection,
} from './differences-address.ts';
import { DifferencesTable } from './differences-table.tsx';
import { GroupsPanel } from './groups-panel.tsx';
import { SelectionForm } from './selection-form.tsx';

const defaultRange = '1h';

/** Selects all traces. */
const everything = { kind: 'attribute', condition: '' } as const;

/** With fewer traces than this, hardly any difference can be significant. */
const fewTraces = 10;

/** The page that compares the attributes of selected traces with those of the other traces of a search, and groups its spans. */
export function DifferencesPage() {
  const { parameters, change } = useAddress();
  const search = useMemo(() => searchParametersOf(parameters), [parameters]);
  const selection = useMemo(() => selectionOf(parameters), [parameters]);
  const time = useTimeRange(defaultRange);
  const base = baseQueryOf(search, time);
  useEffect(() => {
    document.title = 'What is different? · Spandrel';
  }, []);
  return (
    <div className="board-page differences-page">
      <div className="board-head">
        <div>
          <h1>What is different?</h1>
          <SearchSummary search={search} time={time} />
        </div>
        <TimeRangePicker state={time} canBeAll />
      </div>
      {/* The key resets the form when the selection in the URL changes. */}
      <SelectionForm
        key={JSON.stringify(selection)}
        selection={selection}
        onSelect={(next) => change(writeSelection(next), 'push')}
      />
      <Differences base={base} search={search} selection={selection} time={time} />
      <GroupsPanel
        base={base}
        search={search}
        time={time}
        by={parameters.get('by') ?? 'service'}
        onGroup={(by) => change({ by }, 'push')}
      />
    </div>
  );
}

/** The conditions of the search as the query string of the API. */
function baseQueryOf(search: SearchParameters, { from, to }: TimeRangeState): string {
  const query = new URLSearchParams(searchQueryString(search, { from, to }));
  for (const name of ['order', 'limit', 'cursor']) query.delete(name);
  return query.toString();
}

/** The selection as parameters of the API; undefined while it selects nothing. */
function selectionQueryOf(selection: Selection): string | undefined {
  const query = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) query.set(name, value);
  };
  const nanoOf = (time: string): string | undefined =>
    Number.isNaN(Date.parse(time)) ? undefined : unixNanoOf(Date.parse(time));
  switch (selection.kind) {
    case 'errors':
      set('selectStatus', 'error');
      break;
    case 'slowest':
      set('selectSlowest', 'true');
      break;
    case 'attribute':
      if (selection.condition !== '') set('selectAttribute', selection.condition);
      break;
    case 'area':
      set('selectMinDurationNs', parseDuration(selection.min)?.toString());
      set('selectMaxDurationNs', parseDuration(selection.max)?.toString());
      set('selectFrom', nanoOf(selection.from));
      set('selectTo', nanoOf(selection.to));
  }
  return query.size === 0 ? undefined : query.toString();
}

/** What the search finds, with a link to it. */
function SearchSummary({ search, time }: { readonly search: SearchParameters; readonly time: TimeRangeState }) {
  const { order: _, ...conditions } = search;
  const texts = [
    search.service,
    search.operation,
    search.status === '' ? '' : `status ${search.status}`,
    search.min === '' ? '' : `at least ${search.min}`,
    search.max === '' ? '' : `at most ${search.max}`,
    ...search.attribute,
  ].filter((text) => text !== '');
  return (
    <p className="quiet">
      Among{' '}
      <Link href={selectedTracesAddress(conditions, time.range, everything)}>
        {texts.length === 0 ? 'all traces' : <bdi>{texts.join(' · ')}</bdi>}
      </Link>
    </p>
  );
}

function Differences({
  base,
  search,
  selection,
  time,
}: {
  readonly base: string;
  readonly search: SearchParameters;
  readonly selection: Selection;
  readonly time: TimeRangeState;
}) {
  const selected = selectionQueryOf(selection);
  const queryKey = ['differences', base, selected, time.refreshes];
  const result = useQuery({
    queryKey,
    enabled: selected !== undefined,
    queryFn: ({ signal }) => get<DifferencesResponse>(`traces/differences?${base}&${selected}`, signal),
  });
  if (selected === undefined) {
    return <p className="quiet">Enter what to compare with the other traces.</p>;
  }
  if (result.isError) return <Failure error={result.error} retry={() => void result.refetch()} />;
  if (result.data === undefined) {
    return (
      <Loading
        what="Comparing traces"
        queryKey={queryKey}
        isFetching={result.isFetching}
        retry={() => void result.refetch()}
      />
    );
  }
  const { inside, outside, slowestFromNs } = result.data;
  const differences = result.data.differences.filter((difference) => !isOfSelection(selection, difference));
  return (
    <section className="panel" aria-label="Differences">
      <header>
        <h2>Attributes by difference</h2>
        <p className="quiet" role="status">
          {tracesText(inside)} selected, {tracesText(outside)} others
          {slowestFromNs === null ? '' : `; selected from ${formatDuration(slowestFromNs)}`}
        </p>
      </header>
      <div className="panel-body">
        {inside.traces === 0 || outside.traces === 0 ? (
          <NoData>
            {inside.traces === 0
              ? 'No traces are selected. Try a wider time range or another selection.'
              : 'All traces of the search are selected, so there are no others. Try a wider time range.'}
          </NoData>
        ) : differences.length === 0 ? (
          <NoData>
            No significant differences.
            {Math.min(inside.traces, outside.traces) < fewTraces
              ? ' These are few traces: a wider range has more.'
              : ''}
          </NoData>
        ) : (
          <DifferencesTable
            response={{ ...result.data, differences }}
            addressOf={(condition, isSelected) => {
              const { order: _, ...conditions } = search;
              if (!isSelected) return selectedTracesAddress(conditions, time.range, everything, condition);
              const slowest = slowestFromNs === null ? {} : { min: `${slowestFromNs}ns` };
              return selectedTracesAddress({ ...conditions, ...slowest }, time.range, selection, condition);
            }}
          />
        )}
      </div>
    </section>
  );
}

function tracesText({ traces, isSampled }: DifferencesResponse['inside']): string {
  return isSampled ? `random sample of ${formatNumber(traces)}` : formatNumber(traces);
}
