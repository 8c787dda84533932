import { useQuery } from '@tanstack/react-query';
import { useId, useMemo } from 'react';
import { Link } from 'wouter';
import { get } from '../api/client.ts';
import type { AttributeKeysResponse, GroupsResponse } from '../api/types.ts';
import { DataTable, type TableColumn } from '../charts/data-table.tsx';
import { formatValue } from '../charts/format-value.ts';
import { NoData } from '../charts/no-data.tsx';
import { Failure } from '../failure.tsx';
import { formatNumber } from '../format/number.ts';
import { Loading } from '../loading.tsx';
import type { TimeRangeState } from '../range/use-time-range.ts';
import type { SearchParameters } from '../search/search-parameters.ts';
import { conditionOf, differencesAddress, selectedTracesAddress } from './differences-address.ts';

const fields: readonly string[] = ['service', 'operation', 'kind', 'status'];
const nsPerMs = 1e6;

/** A longer value is cut, and a search would not find it. */
const maxLength = 200;

/** The matching spans of a search, counted by a field or by an attribute. */
export function GroupsPanel({
  base,
  search,
  time,
  by,
  onGroup,
}: {
  readonly base: string;
  readonly search: SearchParameters;
  readonly time: TimeRangeState;
  readonly by: string;
  readonly onGroup: (by: string) => void;
}) {
  const id = useId();
  const keys = useQuery({
    queryKey: ['attribute-keys', search.service],
    queryFn: ({ signal }) =>
      get<AttributeKeysResponse>(
        `attribute-keys${search.service === '' ? '' : `?${new URLSearchParams({ service: search.service }).toString()}`}`,
        signal,
      ),
  });
  const queryKey = ['groups', base, by, time.refreshes];
  const result = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      get<GroupsResponse>(`traces/groups?${base}&${new URLSearchParams({ by }).toString()}`, signal),
  });
  const names = useMemo(() => [...new Set([...fields, ...(keys.data?.keys ?? []).map(({ key }) => key)])], [keys.data]);
  return (
    <section className="panel" aria-label="Groups">
      <header>
        <h2>Group by</h2>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            const key = String(new FormData(event.currentTarget).get('by') ?? '').trim();
            if (key !== '') onGroup(key);
          }}
        >
          <input
            key={by}
            name="by"
            aria-label="Group by"
            list={id}
            defaultValue={by}
            required
            maxLength={1000}
            autoComplete="off"
          />
          <datalist id={id}>
            {names.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <button type="submit">Group</button>
        </form>
        {result.data !== undefined && (
          <p className="quiet" role="status">
            {groupsText(result.data)}
          </p>
        )}
      </header>
      <div className="panel-body">
        {result.isError && <Failure error={result.error} retry={() => void result.refetch()} />}
        {result.isPending && (
          <Loading
            what="Grouping spans"
            queryKey={queryKey}
            isFetching={result.isFetching}
            retry={() => void result.refetch()}
            className="small"
          />
        )}
        {result.data?.groups.length === 0 && <NoData>No spans found.</NoData>}
        {result.data !== undefined && result.data.groups.length > 0 && (
          <GroupsTable by={by} response={result.data} search={search} time={time} />
        )}
      </div>
    </section>
  );
}

function groupsText({ sampledShare, rest }: GroupsResponse): string {
  const texts = [
    ...(sampledShare < 1 ? [`random sample of ${formatValue(sampledShare, 'share')} of the traces`] : []),
    ...(rest === null ? [] : [`${formatNumber(rest.values)} less frequent values in one row`]),
  ];
  return texts.join('; ');
}

function GroupsTable({
  by,
  response: { groups, rest },
  search,
  time,
}: {
  readonly by: string;
  readonly response: GroupsResponse;
  readonly search: SearchParameters;
  readonly time: TimeRangeState;
}) {
  const { order: _, ...conditions } = search;
  const result = useMemo(() => {
    const columns = ['value', 'calls', 'errors', 'error_rate', 'p50_ms', 'p95_ms', 'p99_ms'];
    const rowOf = (name: string | null, group: Omit<GroupsResponse['groups'][number], 'value'>) => [
      name,
      group.calls,
      group.errors,
      group.errors / group.calls,
      group.p50Ns / nsPerMs,
      group.p95Ns / nsPerMs,
      group.p99Ns / nsPerMs,
    ];
    return { columns, rows: groups.map(({ value, ...group }) => rowOf(value, group)) };
  }, [groups]);
  const others = useMemo(
    () =>
      rest === null
        ? undefined
        : [
            `${formatNumber(rest.values)} others`,
            rest.calls,
            rest.errors,
            rest.errors / rest.calls,
            rest.p50Ns / nsPerMs,
            rest.p95Ns / nsPerMs,
            rest.p99Ns / nsPerMs,
          ],
    [rest],
  );
  const columns: readonly TableColumn[] = [
    {
      name: 'value',
      title: by,
      unit: undefined,
      cell: (value, row) => {
        if (row === others) return <span className="quiet">{String(value)}</span>;
        if (value === null) return <span className="quiet">not set</span>;
        const text = String(value);
        const condition = conditionOf({
          level: fields.includes(by) ? 'field' : 'span',
          key: by,
          value: text,
          range: null,
        });
        const shown = <bdi>{text === '' ? '""' : text}</bdi>;
        if (condition === undefined || text.length > maxLength) return shown;
        const all = { kind: 'attribute', condition: '' } as const;
        return (
          <Link href={selectedTracesAddress(conditions, time.range, all, condition)} title="Search for these traces">
            {shown}
          </Link>
        );
      },
    },
    { name: 'calls', title: 'Calls', unit: 'count' },
    { name: 'errors', title: 'Errors', unit: 'count' },
    { name: 'error_rate', title: 'Error rate', unit: 'share' },
    { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
    { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
    { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
    {
      name: 'different',
      title: '',
      unit: undefined,
      cell: (_value, row) => {
        const value = row[0];
        if (typeof value !== 'string' || row === others || fields.includes(by) || value.length > maxLength) return '';
        const [condition = ''] = conditionOf({ level: 'span', key: by, value, range: null })?.attribute ?? [];
        return (
          <Link
            href={differencesAddress(conditions, time.range, { kind: 'attribute', condition })}
            aria-label={`What is different about ${value}?`}
          >
            Compare
          </Link>
        );
      },
    },
  ];
  const shown = useMemo(
    () => (others === undefined ? result : { ...result, rows: [...result.rows, others] }),
    [result, others],
  );
  return <DataTable label="Groups" result={shown} columns={columns} />;
}
