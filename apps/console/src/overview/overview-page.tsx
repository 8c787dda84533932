import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { QueryResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { DataTable, type TableColumn } from '../charts/data-table.tsx';
import { formatValue, numberOf, type Unit } from '../charts/format-value.ts';
import { NoData } from '../charts/no-data.tsx';
import { formatMoment } from '../format/time.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { type TimeSeries, timeSeriesOf } from '../charts/time-series-data.ts';
import { tracesAddress } from '../dashboards/traces-address.ts';
import { useDashboardQuery } from '../dashboards/use-dashboards.ts';
import { ChangeLink } from '../differences/change-link.tsx';
import { Failure } from '../failure.tsx';
import { lazyComponent } from '../lazy-component.tsx';
import { defaultRange, isoOf, withRange, writeRange } from '../range/time-range.ts';
import { useServiceGraph } from '../map/use-service-graph.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { type TimeRangeState, useTimeRange } from '../range/use-time-range.ts';
import { serviceColour } from '../service-colour.ts';
import { serviceAddress } from '../services/service-address.ts';
import { useAddress } from '../use-address.ts';
import '../dashboards/dashboards.css';
import { type Change, changesOf } from './changes.ts';
import './overview.css';

/** Loaded where the store is empty. */
const ConnectSnippets = lazyComponent(
  'Loading addresses',
  async () => (await import('../connect/connect-snippets.tsx')).ConnectSnippets,
);
const GraphExplorer = lazyComponent(
  'Loading service map',
  async () => (await import('../graph/graph-explorer.tsx')).GraphExplorer,
);

/** A map of more services is higher. */
const smallMapServices = 14;

const noRows: QueryResponse = { columns: [], rows: [] };

/** The start page: the golden signals of every service, the service map, and recent changes. */
export function OverviewPage() {
  const { parameters, change } = useAddress();
  const time = useTimeRange(defaultRange, '10s');
  const service = parameters.get('service') ?? '';
  const values = useMemo(
    () => ({ from: isoOf(time.bounds?.fromMs ?? 0), to: isoOf(time.bounds?.toMs ?? Date.now()) }),
    [time.bounds],
  );
  useEffect(() => {
    document.title = 'Overview · Spandrel';
  }, []);
  const services = useDashboardQuery(dashboardUids.services, 'services', values, time.refreshes);
  const known = useQuery({
    queryKey: ['services'],
    queryFn: ({ signal }) => get<{ readonly services: readonly string[] }>('services', signal),
    // Poll while the store is empty, so that the page updates when the first spans arrive.
    refetchInterval: ({ state }) => (state.data?.services.length === 0 ? 2_000 : false),
  });
  const select = (next: string): void => change({ service: next }, 'push');
  const isEmpty = services.data?.rows.length === 0;
  return (
    <div className="board-page overview">
      <div className="board-head">
        <h1>Overview</h1>
        <TimeRangePicker state={time} />
      </div>
      {services.isError && <Failure error={services.error} retry={() => void services.refetch()} />}
      {services.isPending && <div className="skeleton" role="status" aria-label="Loading services" />}
      {isEmpty && <NoTraffic hasServices={(known.data?.services.length ?? 0) > 0} time={time} />}
      {services.data !== undefined && !isEmpty && (
        <>
          {service === '' ? (
            <Totals values={values} time={time} />
          ) : (
            <ServiceTotals result={services.data} service={service} values={values} time={time} />
          )}
          {service !== '' && <SelectedService service={service} time={time} clear={() => select('')} />}
          <div className="overview-columns">
            <Services result={services.data} values={values} time={time} selected={service} />
            <Changes values={values} time={time} service={service} />
          </div>
          <ServiceMap time={time} service={service} select={select} />
        </>
      )}
    </div>
  );
}

type Values = Readonly<Record<'from' | 'to', string>>;
interface PartProps {
  readonly values: Values;
  readonly time: TimeRangeState;
}

function Totals({ values, time }: PartProps) {
  const traffic = useDashboardQuery(dashboardUids.home, 'traffic', values, time.refreshes);
  const percentiles = useDashboardQuery(dashboardUids.requestDurations, 'duration-percentiles', values, time.refreshes);
  const durations = useMemo(() => timeSeriesOf(percentiles.data ?? noRows, null), [percentiles.data]);
  const series = useMemo(() => timeSeriesOf(traffic.data ?? noRows, 0), [traffic.data]);
  return (
    <div className="totals">
      <Total title="Request rate" name="requests-per-second" unit="requestsPerSecond" values={values} time={time}>
        <Sparkline values={lineOf(series, 'requests')} className="colour-accent" />
      </Total>
      <Total title="Error rate" name="error-rate" unit="share" values={values} time={time}>
        <Sparkline values={lineOf(series, 'failed')} className="colour-bad" />
      </Total>
      <Total title="Duration (p95)" name="p95" unit="milliseconds" values={values} time={time}>
        <Sparkline values={lineOf(durations, 'p95')} className="colour-quiet" />
      </Total>
    </div>
  );
}

/** The values of a series. The statements leave out a step of which too little is counted, so all steps are drawn. */
function lineOf({ series }: TimeSeries, name: string): readonly (number | null)[] {
  return series.find((each) => each.name === name)?.values ?? [];
}

/** The same three values for one service: of the calls that it receives from outside itself. */
function ServiceTotals({
  result,
  service,
  values,
  time,
}: PartProps & { readonly result: QueryResponse; readonly service: string }) {
  const nameAt = result.columns.indexOf('service_name');
  const row = result.rows.find((each) => each[nameAt] === service);
  const valueOf = (name: string): number | undefined => numberOf(row?.[result.columns.indexOf(name)]);
  const traffic = useSeries('traffic', 0, values, time);
  const errors = useSeries('errors', null, values, time);
  const durations = useSeries('durations', null, values, time);
  return (
    <div className="totals">
      <Tile title="Call rate" value={valueOf('calls_per_second')} unit="requestsPerSecond">
        <Sparkline values={lineOf(traffic, service)} className="colour-accent" />
      </Tile>
      <Tile title="Error rate" value={valueOf('error_rate')} unit="share">
        <Sparkline values={lineOf(errors, service)} className="colour-bad" />
      </Tile>
      <Tile title="Duration (p95)" value={valueOf('p95_ms')} unit="milliseconds" name="p95_ms">
        <Sparkline values={lineOf(durations, service)} className="colour-quiet" />
      </Tile>
    </div>
  );
}

function Total({
  title,
  name,
  unit,
  values,
  time,
  children,
}: PartProps & { readonly title: string; readonly name: string; readonly unit: Unit; readonly children?: ReactNode }) {
  const { data, isFetching } = useDashboardQuery(dashboardUids.home, name, values, time.refreshes);
  return (
    <Tile
      title={title}
      value={numberOf(data?.rows[0]?.[0])}
      unit={unit}
      name={name}
      isLoading={data === undefined && isFetching}
    >
      {children}
    </Tile>
  );
}

/** @param name of the value; a percentile is marked as approximate */
function Tile({
  title,
  value,
  unit,
  name = '',
  isLoading = false,
  children,
}: {
  readonly title: string;
  readonly value: number | undefined;
  readonly unit: Unit;
  readonly name?: string;
  readonly isLoading?: boolean;
  readonly children?: ReactNode;
}) {
  return (
    <div className="total">
      <span className="quiet">{title}</span>
      <strong>{value !== undefined ? formatValue(value, unit, name) : isLoading ? '…' : '–'}</strong>
      {children}
    </div>
  );
}

/** Links for the selected service, and a button to clear the selection. */
function SelectedService({
  service,
  time,
  clear,
}: {
  readonly service: string;
  readonly time: TimeRangeState;
  readonly clear: () => void;
}) {
  const { parameters } = useAddress();
  const dashboard = (uid: string): string =>
    withRange(`/dashboards/${uid}?${new URLSearchParams({ service }).toString()}`, parameters);
  return (
    <div className="selected-service row" role="group" aria-label={`Service ${service}`}>
      <strong>
        <i className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi>{service}</bdi>
      </strong>
      <Link href={serviceAddress(service, time.range)}>Operations and errors</Link>
      <Link href={tracesAddress({ service }, time.range)}>Traces</Link>
      <Link href={tracesAddress({ service, isFailed: true }, time.range)}>Failed traces</Link>
      <Link href={dashboard(dashboardUids.errorRates)}>Error rates</Link>
      <Link href={dashboard(dashboardUids.upstreamSpans)}>Upstream</Link>
      <Link href={dashboard(dashboardUids.downstreamSpans)}>Downstream</Link>
      <button type="button" onClick={clear}>
        All services
      </button>
    </div>
  );
}

function Services({
  result,
  values,
  time,
  selected,
}: PartProps & {
  readonly result: QueryResponse;
  readonly selected: string;
}) {
  const traffic = useSeries('traffic', 0, values, time);
  const errors = useSeries('errors', null, values, time);
  const durations = useSeries('durations', null, values, time);
  const nameAt = result.columns.indexOf('service_name');
  const shown = useMemo(
    () => (selected === '' ? result : { ...result, rows: result.rows.filter((row) => row[nameAt] === selected) }),
    [result, selected, nameAt],
  );
  const withLine =
    (series: TimeSeries, unit: Unit, className: string, columnName = '') =>
    (value: unknown, row: readonly unknown[]) => {
      const number = numberOf(value);
      return (
        <span className="with-line">
          <Sparkline values={lineOf(series, String(row[nameAt]))} className={className} />
          <span>{number === undefined ? '–' : formatValue(number, unit, columnName)}</span>
        </span>
      );
    };
  const columns: readonly TableColumn[] = [
    {
      name: 'service_name',
      title: 'Service',
      unit: undefined,
      cell: (value) => {
        const name = String(value);
        return (
          <Link className="service-name" href={serviceAddress(name, time.range)}>
            <i className={`dot ${serviceColour(name)}`} aria-hidden="true" /> <bdi>{name}</bdi>
          </Link>
        );
      },
    },
    {
      name: 'calls_per_second',
      title: 'Calls',
      unit: 'requestsPerSecond',
      cell: withLine(traffic, 'requestsPerSecond', 'colour-accent'),
    },
    { name: 'error_rate', title: 'Errors', unit: 'share', cell: withLine(errors, 'share', 'colour-bad') },
    { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
    {
      name: 'p95_ms',
      title: 'p95',
      unit: 'milliseconds',
      cell: withLine(durations, 'milliseconds', 'colour-quiet', 'p95_ms'),
    },
    { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
    {
      name: 'traces',
      title: 'Traces',
      unit: undefined,
      cell: (_, row) => (
        <Link
          href={tracesAddress({ service: String(row[nameAt]) }, time.range)}
          aria-label={`Traces of ${String(row[nameAt])}`}
        >
          Traces
        </Link>
      ),
    },
  ];
  return (
    <section className="panel" aria-label="Services">
      <header>
        <h2 title="Calls from other services and from outside the system. The relative error of percentiles is at most 4.5 %.">
          Services
        </h2>
      </header>
      <div className="panel-body">
        <DataTable label="Services" result={shown} columns={columns} />
      </div>
    </section>
  );
}

function useSeries(name: string, missing: 0 | null, values: Values, time: TimeRangeState): TimeSeries {
  const { data = noRows } = useDashboardQuery(dashboardUids.services, name, values, time.refreshes);
  return useMemo(() => timeSeriesOf(data, missing), [data, missing]);
}

function Changes({ values, time, service }: PartProps & { readonly service: string }) {
  const result = useDashboardQuery(dashboardUids.services, 'changes', values, time.refreshes);
  const changes = useMemo(
    () =>
      changesOf(result.data ?? noRows, Date.parse(values.to)).filter(
        (each) => service === '' || each.service === service,
      ),
    [result.data, values.to, service],
  );
  const sinceAt = result.data?.columns.indexOf('since') ?? -1;
  const since = result.data?.rows[0]?.[sinceAt];
  return (
    <section className="panel" aria-label="What changed">
      <header>
        <h2 title="Operations with a statistically significant change in rate, errors or p95 versus the previous 15 minutes">
          What changed
        </h2>
        {since !== undefined && <span className="quiet">since {formatMoment(Date.parse(String(since)))}</span>}
      </header>
      <div className="panel-body">
        {result.isError && <Failure error={result.error} retry={() => void result.refetch()} />}
        {result.isPending && <div className="skeleton" role="status" aria-label="Loading changes" />}
        {result.isSuccess && changes.length === 0 && <NoData>No significant changes in the last minutes.</NoData>}
        <ol className="changes">
          {changes.map((each) => (
            <ChangeRow key={`${each.service} ${each.operation}`} change={each} />
          ))}
        </ol>
      </div>
    </section>
  );
}

function ChangeRow({ change: { service, operation, what, values, tone, address } }: { readonly change: Change }) {
  return (
    <li className={`change-${tone}`}>
      <Link href={address}>
        <i className={`dot ${serviceColour(service)}`} aria-hidden="true" />
        <span className="change-name">
          <bdi className="service">{service}</bdi> <bdi>{operation}</bdi>
        </span>
        <span className="change-what">{what}</span>
        <span className="change-values">{values}</span>
      </Link>
      <ChangeLink name={`${service} ${operation}`} traces={address} />
    </li>
  );
}

function ServiceMap({
  time,
  service,
  select,
}: {
  readonly time: TimeRangeState;
  readonly service: string;
  readonly select: (service: string) => void;
}) {
  const { graph, error, retry } = useServiceGraph(time);
  const [isTable, setTable] = useState(false);
  const range = Object.entries(writeRange(time.range, '')).filter(([, value]) => value !== '');
  return (
    <section
      className={`panel map ${(graph?.nodes.length ?? 0) > smallMapServices ? 'map-large' : ''}`}
      aria-label="Service map"
    >
      <header>
        <h2>Service map</h2>
        <span className="panel-tools">
          <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            Table
          </button>
          <Link
            className="button"
            href={`/map?${new URLSearchParams([...range, ...(service === '' ? [] : [['service', service]])]).toString()}`}
          >
            Open map
          </Link>
        </span>
      </header>
      <div className="panel-body">
        {error !== null && <Failure error={error} retry={retry} />}
        {graph === undefined && error === null && (
          <div className="skeleton" role="status" aria-label="Loading service map" />
        )}
        {graph !== undefined && (
          <GraphExplorer
            title="Service map"
            graph={graph}
            time={time}
            isTable={isTable}
            selected={service === '' ? undefined : service}
            onSelect={(node) => select(node?.service ?? '')}
          />
        )}
      </div>
    </section>
  );
}

function NoTraffic({ hasServices, time }: { readonly hasServices: boolean; readonly time: TimeRangeState }) {
  if (hasServices) {
    return (
      <div className="notice">
        <h2>No calls in this time range</h2>
        <p>The store has traces outside this range. New spans appear here after about ten seconds.</p>
        <p className="row">
          {(['6h', '1d', '7d'] as const).map((last) => (
            <button key={last} type="button" onClick={() => time.setRange({ kind: 'relative', last })}>
              Last {last}
            </button>
          ))}
          <Link href="/search?range=all">All traces</Link>
        </p>
      </div>
    );
  }
  return (
    <div className="notice">
      <h2>No traces received yet</h2>
      <p>Any OpenTelemetry SDK or Collector can send spans to this store, with OTLP.</p>
      <ConnectSnippets />
      <p>
        <code>npm start</code> runs demo services under load, and <code>npm run load</code> adds load. This page updates
        about ten seconds after the first spans arrive.
      </p>
      <p>
        <Link href="/search?range=all">Search</Link> shows new traces immediately.
      </p>
    </div>
  );
}
