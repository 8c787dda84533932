import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import type { Dashboard, QueryAnswer } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { isoOf } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { useTimeRange } from '../range/use-time-range.ts';
import { useAddress } from '../use-address.ts';
import './dashboards.css';
import { Panel } from './panel.tsx';
import { questionOf, type Values } from './statement.ts';
import { useDashboards } from './use-dashboards.ts';

/** One dashboard: its variables, its time, its panels where its definition puts them. */
export function DashboardPage({ uid }: { readonly uid: string }) {
  const dashboards = useDashboards();
  const dashboard = dashboards.data?.dashboards.find((each) => each.uid === uid);
  useEffect(() => {
    document.title = `${dashboard?.title ?? 'Dashboard'} · Spandrel`;
  }, [dashboard]);
  if (dashboards.isPending) return <div className="skeleton" role="status" aria-label="The dashboard is loading" />;
  if (dashboards.isError) return <Failure error={dashboards.error} retry={() => void dashboards.refetch()} />;
  if (dashboard === undefined) {
    return (
      <section className="notice">
        <h1>There is no such dashboard</h1>
        <p>
          <Link href="/dashboards">All dashboards</Link>
        </p>
      </section>
    );
  }
  return <Board dashboard={dashboard} all={dashboards.data.dashboards} />;
}

function Board({ dashboard, all }: { readonly dashboard: Dashboard; readonly all: readonly Dashboard[] }) {
  const { parameters, change } = useAddress();
  const time = useTimeRange(dashboard.from.replace(/^now-/, ''));
  const chosen = useMemo(
    () => Object.fromEntries(dashboard.variables.map(({ name }) => [name, parameters.get(name) ?? ''])),
    [dashboard, parameters],
  );
  // Everything is drawn of the same time, whenever it is asked.
  const values = useMemo(
    (): Values => ({ ...chosen, from: isoOf(time.bounds?.fromMs ?? 0), to: isoOf(time.bounds?.toMs ?? Date.now()) }),
    [chosen, time.bounds],
  );
  const words: Values = { ...chosen, ...time.words };
  const keptAddress = keptOf(parameters);
  return (
    <div className="board-page">
      <div className="board-head">
        <div>
          <h1>{dashboard.title}</h1>
          <p className="quiet">{dashboard.description}</p>
        </div>
        <div className="row">
          {dashboard.variables.map((variable) => (
            <VariableChoice
              key={variable.name}
              dashboard={dashboard}
              variable={variable}
              values={values}
              value={chosen[variable.name] ?? ''}
              // Another service has other operations.
              onChoose={(value) =>
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
            href={`/dashboards/${uid}${keptAddress}`}
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
              words={words}
              chosen={{ service: parameters.get('service') ?? '', operation: parameters.get('operation') ?? '' }}
              time={time}
              onChoose={(choice) => change(choice, 'push')}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** What stays when one goes from a dashboard to another: the time, and the variables. */
function keptOf(parameters: URLSearchParams): string {
  const kept = [...parameters].filter(([name]) =>
    ['range', 'from', 'to', 'refresh', 'service', 'operation'].includes(name),
  );
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept).toString()}`;
}

function VariableChoice({
  dashboard,
  variable,
  values,
  value,
  onChoose,
}: {
  readonly dashboard: Dashboard;
  readonly variable: Dashboard['variables'][number];
  readonly values: Values;
  readonly value: string;
  readonly onChoose: (value: string) => void;
}) {
  const question = questionOf(variable.query, values);
  const answer = useQuery({
    queryKey: ['dashboard-variable', dashboard.uid, variable.name, question],
    queryFn: ({ signal }) =>
      get<QueryAnswer>(`dashboards/${dashboard.uid}/queries/${variable.query.name}?${question}`, signal),
    placeholderData: keepPreviousData,
  });
  const options = answer.data?.rows.map(([each]) => String(each)) ?? [];
  return (
    <label className="variable">
      {variable.title}
      <select aria-label={variable.title} value={value} onChange={(event) => onChoose(event.target.value)}>
        <option value="">All</option>
        {/* What an address names may have done nothing in this time. */}
        {value !== '' && !options.includes(value) && <option>{value}</option>}
        {options.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
