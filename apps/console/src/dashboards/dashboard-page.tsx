import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import type { Dashboard, QueryResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { defaultRange, isoOf } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { useTimeRange } from '../range/use-time-range.ts';
import { useAddress } from '../use-address.ts';
import './dashboards.css';
import { Panel } from './panel.tsx';
import { queryStringOf, type Values } from './statement.ts';
import { listedDashboards, useDashboards } from './use-dashboards.ts';

/** A dashboard with its variables, its time range and its panels. */
export function DashboardPage({ uid }: { readonly uid: string }) {
  const dashboards = useDashboards();
  const dashboard = dashboards.data?.dashboards.find((each) => each.uid === uid);
  useEffect(() => {
    document.title = `${dashboard?.title ?? 'Dashboard'} · Spandrel`;
  }, [dashboard]);
  if (dashboards.isPending) return <div className="skeleton" role="status" aria-label="Loading dashboard" />;
  if (dashboards.isError) return <Failure error={dashboards.error} retry={() => void dashboards.refetch()} />;
  if (dashboard === undefined) {
    return (
      <section className="notice">
        <h1>Dashboard not found</h1>
        <p>
          <Link href="/dashboards">All dashboards</Link>
        </p>
      </section>
    );
  }
  return <Board dashboard={dashboard} all={listedDashboards(dashboards.data.dashboards)} />;
}

function Board({ dashboard, all }: { readonly dashboard: Dashboard; readonly all: readonly Dashboard[] }) {
  const { parameters, change } = useAddress();
  const time = useTimeRange(defaultRange);
  const selected = useMemo(
    () => Object.fromEntries(dashboard.variables.map(({ name }) => [name, parameters.get(name) ?? ''])),
    [dashboard, parameters],
  );
  // All panels show the same absolute time.
  const values = useMemo(
    (): Values => ({ ...selected, from: isoOf(time.bounds?.fromMs ?? 0), to: isoOf(time.bounds?.toMs ?? Date.now()) }),
    [selected, time.bounds],
  );
  const statementValues: Values = { ...selected, ...time.sqlTimes };
  const sharedQuery = sharedQueryOf(parameters);
  return (
    <div className="board-page">
      <div className="board-head">
        <div>
          <h1>{dashboard.title}</h1>
          <p className="quiet">{dashboard.description}</p>
        </div>
        <div className="row">
          {dashboard.variables.map((variable) => (
            <VariableSelect
              key={variable.name}
              dashboard={dashboard}
              variable={variable}
              values={values}
              value={selected[variable.name] ?? ''}
              // The operation belongs to the previous service.
              onSelect={(value) =>
                change({ [variable.name]: value, ...(variable.name === 'service' ? { operation: '' } : {}) }, 'push')
              }
            />
          ))}
          <TimeRangePicker state={time} />
        </div>
      </div>
      <nav className="board-nav" aria-label="Dashboards">
        {all.map(({ uid, title }) => (
          <Link
            key={uid}
            href={`/dashboards/${uid}${sharedQuery}`}
            {...(uid === dashboard.uid ? { 'aria-current': 'page' as const } : {})}
          >
            {title}
          </Link>
        ))}
      </nav>
      <div className="board">
        {dashboard.panels.map((panel) => (
          <div
            key={panel.id}
            className="board-cell"
            style={{
              gridColumn: `${panel.grid.x + 1} / span ${panel.grid.width}`,
              gridRow: `${panel.grid.y + 1} / span ${panel.grid.height}`,
            }}
          >
            <Panel
              dashboard={dashboard}
              panel={panel}
              values={values}
              statementValues={statementValues}
              selection={{ service: parameters.get('service') ?? '', operation: parameters.get('operation') ?? '' }}
              time={time}
              onSelect={(selection) => change(selection, 'push')}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** The parameters that a link to another dashboard keeps: the time range and the variables. */
function sharedQueryOf(parameters: URLSearchParams): string {
  const shared = [...parameters].filter(([name]) =>
    ['range', 'from', 'to', 'refresh', 'service', 'operation'].includes(name),
  );
  return shared.length === 0 ? '' : `?${new URLSearchParams(shared).toString()}`;
}

function VariableSelect({
  dashboard,
  variable,
  values,
  value,
  onSelect,
}: {
  readonly dashboard: Dashboard;
  readonly variable: Dashboard['variables'][number];
  readonly values: Values;
  readonly value: string;
  readonly onSelect: (value: string) => void;
}) {
  const queryString = queryStringOf(variable.query, values);
  const result = useQuery({
    queryKey: ['dashboard-variable', dashboard.uid, variable.name, queryString],
    queryFn: ({ signal }) =>
      get<QueryResponse>(`dashboards/${dashboard.uid}/queries/${variable.query.name}?${queryString}`, signal),
    placeholderData: keepPreviousData,
  });
  const options = result.data?.rows.map(([each]) => String(each)) ?? [];
  return (
    <label className="variable">
      {variable.title}
      <select aria-label={variable.title} value={value} onChange={(event) => onSelect(event.target.value)}>
        <option value="">{variable.emptyTitle}</option>
        {/* Offer the value in the URL even if it has no calls in this time range. */}
        {value !== '' && !options.includes(value) && <option>{value}</option>}
        {options.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
