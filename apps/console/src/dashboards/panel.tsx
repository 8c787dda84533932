import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Dashboard, DashboardQuery, QueryAnswer } from '../api/answers.ts';
import { columnsOf, DataTable, type TableColumn } from '../charts/data-table.tsx';
import { formatValue, numberOf, unitOf } from '../charts/format-value.ts';
import { Heatmap, heatOf } from '../charts/heatmap.tsx';
import { binsOf, Histogram } from '../charts/histogram.tsx';
import { Pie } from '../charts/pie.tsx';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { timeSeriesOf } from '../charts/time-series-data.ts';
import { Failure } from '../failure.tsx';
import { type CallNode, callGraphOf } from '../graph/call-graph.ts';
import { NodeGraph } from '../graph/node-graph.tsx';
import type { TimeRangeState } from '../range/use-time-range.ts';
import { Waiting } from '../waiting.tsx';
import { statementOf, type Values } from './statement.ts';
import { callOf, tracesAddress, type WantedTraces } from './traces-address.ts';
import { panelKey, useAnswers, useDashboards, useOperations } from './use-dashboards.ts';

export type PanelDefinition = Dashboard['panels'][number];

/** A panel of a dashboard and how it is looked at. */
export interface PanelView {
  readonly dashboard: Dashboard;
  readonly panel: PanelDefinition;
  /** Of the time range and the variables, to ask the API. */
  readonly values: Values;
  /** The same, as a statement that is run later should have it. */
  readonly words: Values;
  readonly time: TimeRangeState;
  /** What was chosen in a graph or as a variable; empty for all. */
  readonly chosen: Readonly<Record<'service' | 'operation', string>>;
  /** A service, or an operation of one, was chosen in a graph. */
  readonly onChoose: (choice: Readonly<Record<'service' | 'operation', string>>) => void;
}

/** A panel with its head: what it answers, its SQL, and for a picture the table of its figures. */
export function Panel(view: PanelView) {
  const { panel } = view;
  const [isTable, setTable] = useState(false);
  const hasPicture = !['table', 'stat', 'dashboards'].includes(panel.kind);
  return (
    <section className={`panel panel-${panel.kind}`} aria-label={panel.title}>
      <header>
        <h2 title={panel.kind === 'stat' ? panel.description : undefined}>{panel.title}</h2>
        <span className="panel-tools">
          {hasPicture && (
            <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
              Table
            </button>
          )}
          {panel.queries.map((query, n) => (
            <Link key={query.name} className="button" href={sqlAddress(view, query)}>
              <span className="visually-hidden">Show the </span>SQL
              <span className={panel.queries.length > 1 ? '' : 'visually-hidden'}>
                {panel.queries.length > 1 ? ` of the ${n === 0 ? 'nodes' : 'edges'}` : ` of ${panel.title}`}
              </span>
            </Link>
          ))}
        </span>
      </header>
      <p className="panel-description" title={panel.description}>
        {panel.description}
      </p>
      <div className="panel-body">
        {panel.kind === 'dashboards' ? <DashboardLinks /> : <Answers view={view} isTable={isTable} />}
      </div>
    </section>
  );
}

function sqlAddress({ panel, words }: PanelView, query: DashboardQuery): string {
  return `/sql?query=${encodeURIComponent(statementOf(query, words, `${panel.title}. ${panel.description}`))}`;
}

function DashboardLinks() {
  const { data } = useDashboards();
  return (
    <ul className="dashboard-links">
      {data?.dashboards.map(({ uid, title, description }) => (
        <li key={uid}>
          <Link href={`/dashboards/${uid}`}>{title}</Link> <span className="quiet">{description}</span>
        </li>
      ))}
    </ul>
  );
}

function Answers({ view, isTable }: { readonly view: PanelView; readonly isTable: boolean }) {
  const { dashboard, panel, values, time } = view;
  const results = useAnswers(dashboard.uid, panel, values, time.refreshes);
  const failed = results.find(({ isError }) => isError);
  const again = (): void => {
    for (const result of results) void result.refetch();
  };
  if (failed?.error) return <Failure error={failed.error} retry={again} />;
  const answers = results.flatMap(({ data }) => (data === undefined ? [] : [data]));
  if (answers.length < results.length) {
    return (
      <Waiting
        what={`${panel.title} is being computed`}
        queryKey={panelKey(dashboard.uid, panel.id)}
        isAsking={results.some(({ isFetching }) => isFetching)}
        retry={again}
      />
    );
  }
  if (answers[0]?.rows.length === 0) {
    return (
      <p className="panel-empty quiet">
        {panel.isOfFailures === true
          ? 'Nothing failed in this time.'
          : 'Nothing in this time. A wider one may have more.'}
      </p>
    );
  }
  const shown = isTable && panel.kind !== 'nodeGraph' ? 'rows' : isTable ? 'graph-rows' : panel.kind;
  return <Drawn view={view} answers={answers} as={shown} />;
}

const noAnswer: QueryAnswer = { columns: [], rows: [] };
const noOperations: readonly { readonly service: string; readonly name: string }[] = [];

function Drawn({
  view: { panel, time, chosen, onChoose },
  answers: [first = noAnswer, second = noAnswer],
  as,
}: {
  readonly view: PanelView;
  readonly answers: readonly QueryAnswer[];
  readonly as: PanelDefinition['kind'] | 'rows' | 'graph-rows';
}) {
  const [, navigate] = useLocation();
  const operations = useOperations().data?.operations ?? noOperations;
  const services = useMemo(() => new Set(operations.map(({ service }) => service)), [operations]);
  const unit = unitOf(panel.unit);
  const { title } = panel;
  const missing = unit === 'requestsPerSecond' || panel.isStacked === true ? 0 : null;
  const series = useMemo(
    () => (as === 'timeseries' || as === 'rows' ? timeSeriesOf(first, missing) : undefined),
    [as, first, missing],
  );
  const heat = useMemo(() => (as === 'heatmap' ? heatOf(first) : undefined), [as, first]);
  const bins = useMemo(() => (as === 'histogram' ? binsOf(first) : []), [as, first]);
  const graph = useMemo(() => (as === 'nodeGraph' ? callGraphOf(first, second) : undefined), [as, first, second]);
  const bounds = time.bounds ?? { fromMs: 0, toMs: 0 };
  const zoom = (fromMs: number, toMs: number): void => {
    // Within a second there is nothing to see.
    const leastMs = 1_000;
    const middleMs = (fromMs + toMs) / 2;
    time.setRange({
      kind: 'absolute',
      fromMs: Math.round(Math.min(fromMs, middleMs - leastMs / 2)),
      toMs: Math.round(Math.max(toMs, middleMs + leastMs / 2)),
    });
  };
  const wantedOf = (name: string): WantedTraces => ({
    ...callOf(name, operations),
    isFailed: panel.isOfFailures === true || name === 'failed',
  });
  const addressAt = (timeMs: number, stepMs: number, name: string): string =>
    tracesAddress({ ...wantedOf(name), fromMs: timeMs, toMs: timeMs + stepMs });
  switch (as) {
    case 'timeseries':
      return (
        <TimeSeriesChart
          title={title}
          data={series ?? { timesMs: [], stepMs: 1, series: [] }}
          unit={unit}
          isStacked={panel.isStacked ?? false}
          bounds={bounds}
          services={services}
          onZoom={zoom}
          onPick={(timeMs, stepMs, name) => navigate(addressAt(timeMs, stepMs, name))}
        />
      );
    case 'heatmap':
      return heat === undefined ? null : (
        <Heatmap
          title={title}
          heat={heat}
          unit={unit}
          bounds={bounds}
          onZoom={zoom}
          onPick={(fromMs, stepMs, leastMs, mostMs) =>
            navigate(tracesAddress({ fromMs, toMs: fromMs + stepMs, leastMs, mostMs }))
          }
        />
      );
    case 'histogram':
      return (
        <Histogram
          title={title}
          bins={bins}
          unit={unit}
          onPick={({ least, bound }) => navigate(tracesAddress({ ...bounds, leastMs: least, mostMs: bound }))}
        />
      );
    case 'pie':
      return (
        <Pie
          title={title}
          slices={first.rows.map(([name, value]) => ({ name: String(name), value: numberOf(value) ?? 0 }))}
          unit={unit}
          services={services}
          linkOf={(name) => {
            const wanted = wantedOf(name);
            if (wanted.service === undefined) return <bdi>{name}</bdi>;
            return (
              <Link href={tracesAddress(wanted, time.range)}>
                <bdi>{name}</bdi>
              </Link>
            );
          }}
          onPick={(name) => navigate(tracesAddress(wantedOf(name), time.range))}
        />
      );
    case 'stat': {
      const value = numberOf(first.rows[0]?.[0]);
      return <p className="stat">{value === undefined ? '–' : formatValue(value, unit)}</p>;
    }
    case 'nodeGraph': {
      const selected = graph?.nodes.find(
        ({ service, title: name }) => service === chosen.service && (service === name || name === chosen.operation),
      );
      const choose = (node: CallNode | undefined): void =>
        onChoose({
          service: node?.service ?? '',
          operation: node === undefined || node.title === node.service ? '' : node.title,
        });
      return graph === undefined ? null : (
        <NodeGraph title={title} graph={graph} selected={selected?.id} onSelect={choose} />
      );
    }
    case 'graph-rows':
      return <GraphTables title={title} nodes={first} edges={second} />;
    case 'table':
      return (
        <DataTable label={title} answer={callsOf(first, chosen.service)} columns={tableColumns(panel, first, time)} />
      );
    case 'rows':
      return (
        <DataTable label={title} answer={first} columns={rowColumns(panel, first, series?.stepMs ?? 0, addressAt)} />
      );
    case 'dashboards':
      return null;
  }
}

/** Of calls between services, those that a service makes or takes. Other answers, and those without a service, as they are. */
function callsOf(answer: QueryAnswer, service: string): QueryAnswer {
  const ends = [answer.columns.indexOf('source'), answer.columns.indexOf('target')];
  if (service === '' || ends.includes(-1)) return answer;
  return { ...answer, rows: answer.rows.filter((row) => ends.some((at) => row[at] === service)) };
}

/** The columns of a table as it is defined; what has a link leads to a trace or to traces. */
function tableColumns(panel: PanelDefinition, answer: QueryAnswer, time: TimeRangeState): readonly TableColumn[] {
  const at = (name: string): number => answer.columns.indexOf(name);
  const text = (row: readonly unknown[], name: string): string => {
    const value = row[at(name)];
    return typeof value === 'string' ? value : '';
  };
  const operationOf = (row: readonly unknown[]): WantedTraces => ({
    service: text(row, at('service_name') < 0 ? 'target' : 'service_name'),
    operation: text(row, at('span_name') < 0 ? 'operation' : 'span_name'),
    isFailed: at('errors') >= 0 && (numberOf(row[at('errors')]) ?? 0) > 0 && panel.isOfFailures === true,
  });
  const failures = panel.columns.find(({ name }) => name === 'errors' || name === 'error_rate')?.name;
  return panel.columns.map(({ name, title, unit, link }): TableColumn => {
    const common = { name, title, unit: unitOf(unit) };
    if (link === 'trace') {
      return {
        ...common,
        cell: (value) => (
          <Link href={`/trace/${String(value)}`} className="code" title={String(value)}>
            {String(value).slice(0, 8)}
          </Link>
        ),
      };
    }
    // A dependency's operation leads to its traces too, though Grafana has no place to lead to from there.
    if (link === 'operation' || name === 'operation') {
      return {
        ...common,
        cell: (value, row) => (
          <Link href={tracesAddress({ ...operationOf(row), isFailed: false }, time.range)}>
            <bdi>{String(value)}</bdi>
          </Link>
        ),
      };
    }
    if (name === failures) {
      return {
        ...common,
        cell: (value, row) => {
          const errors = numberOf(value) ?? 0;
          if (errors === 0) return undefined;
          return (
            <Link className="colour-bad" href={tracesAddress({ ...operationOf(row), isFailed: true }, time.range)}>
              {formatValue(errors, unitOf(unit))}
            </Link>
          );
        },
      };
    }
    return common;
  });
}

/** A picture's figures as a table: what a click on a point does, a link does here. */
function rowColumns(
  panel: PanelDefinition,
  answer: QueryAnswer,
  stepMs: number,
  addressAt: (timeMs: number, stepMs: number, name: string) => string,
): readonly TableColumn[] {
  const isHeatmap = panel.kind === 'heatmap';
  const unit = isHeatmap ? 'count' : unitOf(panel.unit);
  const seriesAt = answer.columns.indexOf('series');
  return columnsOf(answer, unit)
    .filter(({ name }) => !isHeatmap || name === 'time' || hasValue(answer, name))
    .toSorted((a, b) =>
      isHeatmap ? Number(b.name === 'time') - Number(a.name === 'time') || Number(a.name) - Number(b.name) : 0,
    )
    .map((column) => {
      if (panel.kind === 'histogram' && !column.name.startsWith('x')) return { ...column, unit: 'count' as const };
      if (isHeatmap && column.name !== 'time') {
        return { ...column, title: `< ${formatValue(Number(column.name), unitOf(panel.unit))}` };
      }
      if (column.name !== 'time') return column;
      return {
        ...column,
        cell: (value: unknown, row: readonly unknown[]) => (
          <Link href={addressAt(Date.parse(String(value)), stepMs, seriesAt < 0 ? '' : String(row[seriesAt]))}>
            {new Date(String(value)).toLocaleTimeString(undefined, { hour12: false })}
          </Link>
        ),
      };
    });
}

function hasValue({ columns, rows }: QueryAnswer, name: string): boolean {
  const at = columns.indexOf(name);
  return rows.some((row) => (numberOf(row[at]) ?? 0) > 0);
}

function GraphTables({
  title,
  nodes,
  edges,
}: {
  readonly title: string;
  readonly nodes: QueryAnswer;
  readonly edges: QueryAnswer;
}) {
  const graph = callGraphOf(nodes, edges);
  const nameOf = new Map(
    graph.nodes.map(({ id, service, title }) => [id, service === title ? title : `${service} ${title}`]),
  );
  const figures = [
    { name: 'calls', title: 'Calls', unit: 'count' },
    { name: 'failed', title: 'Failed', unit: 'share' },
    { name: 'average', title: 'Average', unit: 'milliseconds' },
  ] as const;
  const figuresOf = ({ calls, errorShare, averageMs }: (typeof graph.nodes)[number] | (typeof graph.edges)[number]) => [
    calls,
    errorShare ?? null,
    averageMs ?? null,
  ];
  return (
    <div className="graph-tables">
      <DataTable
        label={`${title}: nodes`}
        answer={{
          columns: ['name', 'calls', 'failed', 'average'],
          rows: graph.nodes.map((node) => [nameOf.get(node.id) ?? '', ...figuresOf(node)]),
        }}
        columns={[{ name: 'name', title: 'Name', unit: undefined }, ...figures]}
      />
      <DataTable
        label={`${title}: edges`}
        answer={{
          columns: ['source', 'target', 'calls', 'failed', 'average'],
          rows: graph.edges.map((edge) => [
            nameOf.get(edge.source) ?? '',
            nameOf.get(edge.target) ?? '',
            ...figuresOf(edge),
          ]),
        }}
        columns={[
          { name: 'source', title: 'Caller', unit: undefined },
          { name: 'target', title: 'Called', unit: undefined },
          ...figures,
        ]}
      />
    </div>
  );
}
