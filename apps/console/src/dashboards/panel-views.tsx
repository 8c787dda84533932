import type { PanelKind } from '@spandrel/console-api/dashboard-names';
import { type ComponentType, useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import type { QueryResponse } from '../api/types.ts';
import { DataTable } from '../charts/data-table.tsx';
import { formatValue, numberOf } from '../charts/format-value.ts';
import { Heatmap, heatOf } from '../charts/heatmap.tsx';
import { binsOf, Histogram } from '../charts/histogram.tsx';
import { Pie } from '../charts/pie.tsx';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { timeSeriesOf } from '../charts/time-series-data.ts';
import { type CallNode, callGraphOf } from '../graph/call-graph.ts';
import { durationMs } from '../range/time-range.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import { withRange } from '../range/time-range.ts';
import { lazyComponent } from '../lazy-component.tsx';
import { useAddress } from '../use-address.ts';
import { emptyTextOf, type PanelDefinition, type PanelProps } from './panel-definition.ts';
import { chartColumns, tableColumns } from './panel-tables.tsx';
import { callOf, type TracesFilter, tracesAddress } from './traces-address.ts';
import { listedDashboards, useDashboards, useOperations } from './use-dashboards.ts';

/** A panel with the results of its queries, in their order. */
interface ViewProps extends PanelProps {
  readonly results: readonly QueryResponse[];
}

interface PanelViews {
  readonly Chart: ComponentType<ViewProps>;
  /** The table that can be shown instead of a chart. */
  readonly Table?: ComponentType<ViewProps>;
}

/** How each kind of panel is rendered. A new kind needs one entry here. */
export const panelViews: Readonly<Record<PanelKind, PanelViews>> = {
  timeseries: { Chart: TimeSeriesView, Table: ChartTable },
  heatmap: { Chart: HeatmapView, Table: ChartTable },
  histogram: { Chart: HistogramView, Table: ChartTable },
  pie: { Chart: PieView, Table: ChartTable },
  nodeGraph: { Chart: NodeGraphView, Table: GraphTableView },
  table: { Chart: TableView },
  stat: { Chart: StatView },
  dashboards: { Chart: DashboardLinks },
};

const GraphExplorer = lazyComponent(
  'Loading graph',
  async () => (await import('../graph/graph-explorer.tsx')).GraphExplorer,
);

const noRows: QueryResponse = { columns: [], rows: [] };
const noOperations: readonly { readonly service: string; readonly name: string }[] = [];
/** A shorter range shows nothing useful. */
const minRangeMs = 1_000;

const noBounds = { fromMs: 0, toMs: 0 };

/** The bounds of a panel: those of the page, or the end of these. */
function usePanelBounds({ timeFrom }: PanelDefinition, { bounds = noBounds }: Pick<TimeRangeState, 'bounds'>) {
  return useMemo(() => {
    const lastMs = timeFrom === undefined ? undefined : durationMs(timeFrom);
    return lastMs === undefined ? bounds : { ...bounds, fromMs: Math.max(bounds.fromMs, bounds.toMs - lastMs) };
  }, [timeFrom, bounds]);
}

/** What the charts of a panel have in common: links to traces, zooming, and the names of services. */
function usePanelLinks({ panel, time }: PanelProps) {
  const [, navigate] = useLocation();
  const operations = useOperations().data?.operations ?? noOperations;
  const bounds = usePanelBounds(panel, time);
  const services = useMemo(() => new Set(operations.map(({ service }) => service)), [operations]);
  const filterOf = (name: string): TracesFilter => ({
    ...callOf(name, operations),
    isFailed: panel.linksToErrors === true || name === 'failed',
  });
  return {
    services,
    bounds,
    filterOf,
    openTraces: (filter: TracesFilter): void => navigate(tracesAddress(filter, time.range)),
    addressAt: (timeMs: number, stepMs: number, name: string): string =>
      tracesAddress({ ...filterOf(name), fromMs: timeMs, toMs: timeMs + stepMs }),
    zoom: (fromMs: number, toMs: number): void => {
      const middleMs = (fromMs + toMs) / 2;
      time.setRange({
        kind: 'absolute',
        fromMs: Math.round(Math.min(fromMs, middleMs - minRangeMs / 2)),
        toMs: Math.round(Math.max(toMs, middleMs + minRangeMs / 2)),
      });
    },
  };
}

function useSeries({ unit, isStacked }: PanelDefinition, result: QueryResponse) {
  const missing = unit === 'requestsPerSecond' || isStacked === true ? 0 : null;
  return useMemo(() => timeSeriesOf(result, missing), [result, missing]);
}

function TimeSeriesView(props: ViewProps) {
  const { panel, results } = props;
  const { services, bounds, zoom, openTraces, filterOf } = usePanelLinks(props);
  const data = useSeries(panel, results[0] ?? noRows);
  return (
    <TimeSeriesChart
      title={panel.title}
      data={data}
      unit={panel.unit}
      noData={emptyTextOf(panel)}
      isStacked={panel.isStacked ?? false}
      bounds={bounds}
      services={services}
      onZoom={zoom}
      onPick={(timeMs, stepMs, name) => openTraces({ ...filterOf(name), fromMs: timeMs, toMs: timeMs + stepMs })}
    />
  );
}

function HeatmapView(props: ViewProps) {
  const { panel, results } = props;
  const { bounds, zoom, openTraces } = usePanelLinks(props);
  const result = results[0] ?? noRows;
  const heat = useMemo(() => heatOf(result), [result]);
  return (
    <Heatmap
      title={panel.title}
      heat={heat}
      unit={panel.unit}
      noData={emptyTextOf(panel)}
      bounds={bounds}
      onZoom={zoom}
      onPick={(fromMs, stepMs, minMs, maxMs) => openTraces({ fromMs, toMs: fromMs + stepMs, minMs, maxMs })}
    />
  );
}

function HistogramView(props: ViewProps) {
  const { panel, results } = props;
  const { bounds, openTraces } = usePanelLinks(props);
  const result = results[0] ?? noRows;
  const bins = useMemo(() => binsOf(result), [result]);
  return (
    <Histogram
      title={panel.title}
      bins={bins}
      unit={panel.unit}
      noData={emptyTextOf(panel)}
      onPick={({ lower, upper }) => openTraces({ ...bounds, minMs: lower, maxMs: upper })}
    />
  );
}

function PieView(props: ViewProps) {
  const { panel, results, time } = props;
  const { services, filterOf, openTraces } = usePanelLinks(props);
  const { rows } = results[0] ?? noRows;
  return (
    <Pie
      title={panel.title}
      slices={rows.map(([name, value]) => ({ name: String(name), value: numberOf(value) ?? 0 }))}
      unit={panel.unit}
      noData={emptyTextOf(panel)}
      services={services}
      linkOf={(name) => {
        const filter = filterOf(name);
        if (filter.service === undefined) return <bdi>{name}</bdi>;
        return (
          <Link href={tracesAddress(filter, time.range)}>
            <bdi>{name}</bdi>
          </Link>
        );
      }}
      onPick={(name) => openTraces(filterOf(name))}
    />
  );
}

function NodeGraphView(props: ViewProps) {
  return <GraphView {...props} isTable={false} />;
}

function GraphTableView(props: ViewProps) {
  return <GraphView {...props} isTable />;
}

function GraphView({ panel, results, selection, onSelect, time, isTable }: ViewProps & { readonly isTable: boolean }) {
  const [nodes = noRows, edges = noRows] = results;
  const graph = useMemo(() => callGraphOf(nodes, edges), [nodes, edges]);
  const selected = graph.nodes.find(
    ({ service, title }) => service === selection.service && (service === title || title === selection.operation),
  );
  const select = (node: CallNode | undefined): void =>
    onSelect({
      service: node?.service ?? '',
      operation: node === undefined || node.title === node.service ? '' : node.title,
    });
  return (
    <GraphExplorer
      title={panel.title}
      graph={graph}
      time={time}
      isTable={isTable}
      selected={selected?.id}
      onSelect={select}
    />
  );
}

function TableView({ panel, results: [result = noRows], selection, time }: ViewProps) {
  return (
    <DataTable
      label={panel.title}
      result={callsOf(result, selection.service)}
      columns={tableColumns(panel, result, time)}
    />
  );
}

/** Filters calls between services by one of the two services. Other results are unchanged. */
function callsOf(result: QueryResponse, service: string): QueryResponse {
  const ends = [result.columns.indexOf('source'), result.columns.indexOf('target')];
  if (service === '' || ends.includes(-1)) return result;
  return { ...result, rows: result.rows.filter((row) => ends.some((at) => row[at] === service)) };
}

function ChartTable(props: ViewProps) {
  const { panel, results } = props;
  const { addressAt } = usePanelLinks(props);
  const result = results[0] ?? noRows;
  const { stepMs } = useSeries(panel, result);
  return <DataTable label={panel.title} result={result} columns={chartColumns(panel, result, stepMs, addressAt)} />;
}

function StatView({ panel, results }: ViewProps) {
  const value = numberOf(results[0]?.rows[0]?.[0]);
  return <p className="stat">{value === undefined ? '–' : formatValue(value, panel.unit)}</p>;
}

function DashboardLinks({ dashboard }: ViewProps) {
  const { data } = useDashboards();
  const { parameters } = useAddress();
  return (
    <ul className="dashboard-links">
      {listedDashboards(data?.dashboards ?? [])
        .filter(({ uid }) => uid !== dashboard.uid)
        .map(({ uid, title, description }) => (
          <li key={uid}>
            <Link href={withRange(`/dashboards/${uid}`, parameters)}>{title}</Link>{' '}
            <span className="quiet">{description}</span>
          </li>
        ))}
    </ul>
  );
}
