import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo } from 'react';
import { Link, Redirect, useLocation } from 'wouter';
import { usePathname } from 'wouter/use-browser-location';
import type {
  ServiceErrorsResponse,
  ServiceHistoryResponse,
  ServiceNeighbour,
  ServiceNeighboursResponse,
  ServiceOperationsResponse,
  ServiceVersionsResponse,
} from '../api/types.ts';
import { get } from '../api/client.ts';
import { DataTable, type TableColumn } from '../charts/data-table.tsx';
import { formatValue, numberOf, type Unit } from '../charts/format-value.ts';
import { NoData } from '../charts/no-data.tsx';
import { formatNumber } from '../format/number.ts';
import { formatMoment } from '../format/time.ts';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import type { TimeMark, TimeSeries } from '../charts/time-series-data.ts';
import { tracesAddress } from '../dashboards/traces-address.ts';
import { Failure } from '../failure.tsx';
import { defaultRange, withRange } from '../range/time-range.ts';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { type TimeRangeState, useTimeRange } from '../range/use-time-range.ts';
import { attributeCondition } from '../search/attribute-condition.ts';
import { serviceColour } from '../service-colour.ts';
import { useAddress } from '../use-address.ts';
import '../dashboards/dashboards.css';
import { serviceAddress, serviceOfAddress } from './service-address.ts';
import { msOfUnixNano, serviceHistoryOf, versionMarksOf } from './service-history.ts';
import './service-page.css';

/** How long results of a past time range are cached. */
const cacheMs = 60_000;
const noMarks: readonly TimeMark[] = [];

/** The page of the service that the address names. */
export function ServicePage() {
  const path = usePathname();
  const { parameters } = useAddress();
  const service = serviceOfAddress(path, parameters);
  if (service === undefined) return <Redirect to={withRange('/', parameters)} />;
  return <Service key={service} service={service} />;
}

interface PartProps {
  readonly service: string;
  readonly time: TimeRangeState;
}

/** Operations, neighbours, errors and versions of a service. */
function Service({ service }: { readonly service: string }) {
  const time = useTimeRange(defaultRange);
  const { parameters } = useAddress();
  useEffect(() => {
    document.title = `${service} · Spandrel`;
  }, [service]);
  const operations = useServiceQuery<ServiceOperationsResponse>('operations', { service, time });
  const dashboard = (uid: string): string =>
    withRange(`/dashboards/${uid}?${new URLSearchParams({ service }).toString()}`, parameters);
  return (
    <div className="board-page service-page">
      <div className="board-head">
        <div>
          <h1>
            <i className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi>{nameOf(service)}</bdi>
          </h1>
          <nav className="row service-links" aria-label="Of this service">
            <Link href={tracesAddress({ service }, time.range)}>Traces</Link>
            <Link href={tracesAddress({ service, isFailed: true }, time.range)}>Failed traces</Link>
            <Link href={withRange(`/map?${new URLSearchParams({ service }).toString()}`, parameters)}>Service map</Link>
            <Link href={dashboard(dashboardUids.errorRates)}>Error rates</Link>
            <Link href={dashboard(dashboardUids.upstreamSpans)}>Upstream</Link>
            <Link href={dashboard(dashboardUids.downstreamSpans)}>Downstream</Link>
          </nav>
        </div>
        <TimeRangePicker state={time} />
      </div>
      <Part name="operations" query={operations} />
      {operations.data?.operations.length === 0 && <NoCalls service={service} time={time} />}
      {operations.data !== undefined && operations.data.operations.length > 0 && (
        <>
          <History service={service} time={time} />
          <Operations service={service} time={time} result={operations.data} />
          <Neighbours service={service} time={time} />
          <Errors service={service} time={time} />
        </>
      )}
    </div>
  );
}

function useServiceQuery<Answer>(what: string, { service, time: { from, to, refreshes } }: PartProps) {
  const query = new URLSearchParams({ service });
  if (from !== undefined) query.set('from', from);
  if (to !== undefined) query.set('to', to);
  const queryString = query.toString();
  return useQuery({
    queryKey: ['service', what, queryString, refreshes],
    placeholderData: keepPreviousData,
    gcTime: cacheMs,
    queryFn: ({ signal }) => get<Answer>(`services/${what}?${queryString}`, signal),
  });
}

/** The error or the placeholder of a query; nothing when it has a result. */
function Part({
  name,
  query,
}: {
  readonly name: string;
  readonly query: { readonly error: Error | null; readonly isPending: boolean; readonly refetch: () => unknown };
}) {
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return query.isPending ? <div className="skeleton small" role="status" aria-label={`Loading ${name}`} /> : null;
}

function NoCalls({ service, time }: PartProps) {
  return (
    <div className="notice">
      <h2>
        No spans of <bdi>{nameOf(service)}</bdi> in this time range
      </h2>
      <p>New spans appear here after about ten seconds.</p>
      <p className="row">
        {(['6h', '1d', '7d'] as const).map((last) => (
          <button key={last} type="button" onClick={() => time.setRange({ kind: 'relative', last })}>
            Last {last}
          </button>
        ))}
        <Link href={tracesAddress({ service }, { kind: 'all' })}>All traces of the service</Link>
      </p>
    </div>
  );
}

function History({ service, time }: PartProps) {
  const history = useServiceQuery<ServiceHistoryResponse>('history', { service, time });
  const versions = useServiceQuery<ServiceVersionsResponse>('versions', { service, time });
  const series = useMemo(
    () => (history.data === undefined ? undefined : serviceHistoryOf(history.data)),
    [history.data],
  );
  const marks = useMemo(() => (versions.data === undefined ? noMarks : versionMarksOf(versions.data)), [versions.data]);
  return (
    <section className="service-history" aria-label="History">
      <Part name="history" query={history} />
      {series !== undefined && (
        <div className="service-charts">
          <Chart title="Call rate" unit="requestsPerSecond" data={series.rate} {...{ service, time, marks }} />
          <Chart title="Error rate" unit="share" data={series.errors} {...{ service, time, marks }} />
          <Chart title="Duration" unit="milliseconds" data={series.durations} {...{ service, time, marks }} />
        </div>
      )}
      {versions.isError && <Failure error={versions.error} retry={() => void versions.refetch()} />}
      {versions.data !== undefined && versions.data.versions.length > 0 && (
        <Versions service={service} time={time} result={versions.data} />
      )}
    </section>
  );
}

const noServices: ReadonlySet<string> = new Set();

function Chart({
  title,
  unit,
  data,
  marks,
  service,
  time,
}: PartProps & {
  readonly title: string;
  readonly unit: Unit;
  readonly data: TimeSeries;
  readonly marks: readonly TimeMark[];
}) {
  const [, navigate] = useLocation();
  const bounds = useMemo(
    () => time.bounds ?? { fromMs: data.timesMs[0] ?? 0, toMs: (data.timesMs.at(-1) ?? 0) + data.stepMs },
    [time.bounds, data],
  );
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div className="panel-body">
        <TimeSeriesChart
          title={`${title} of ${service}`}
          data={data}
          unit={unit}
          noData="No calls from other services or from outside in this time range."
          bounds={bounds}
          services={noServices}
          marks={marks}
          onZoom={(fromMs, toMs) =>
            time.setRange({
              kind: 'absolute',
              fromMs: Math.floor(fromMs),
              toMs: Math.ceil(Math.max(toMs, fromMs + 1_000)),
            })
          }
          onPick={(timeMs, stepMs, series) =>
            navigate(tracesAddress({ service, isFailed: series === 'failed', fromMs: timeMs, toMs: timeMs + stepMs }))
          }
        />
      </div>
    </section>
  );
}

/** The versions as text, for the marks of the charts. */
function Versions({ service, time, result }: PartProps & { readonly result: ServiceVersionsResponse }) {
  return (
    <ul className="service-versions" aria-label="Versions">
      {result.versions.map(({ version, firstSeenUnixNano, isNew }) => (
        <li key={version}>
          <Link
            href={`${tracesAddress({ service }, time.range)}&${new URLSearchParams({
              attribute: attributeCondition('service.version', version),
            }).toString()}`}
          >
            <bdi>{version}</bdi>
          </Link>{' '}
          <span className="quiet">
            {isNew ? `first seen ${formatMoment(msOfUnixNano(firstSeenUnixNano))}` : 'since before this time range'}
          </span>
        </li>
      ))}
    </ul>
  );
}

const measuredColumns: readonly TableColumn[] = [
  { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
  { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
  { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
];

const percentileNote = 'The relative error of percentiles (≈) is at most 4.5 %.';

function Operations({ service, time, result }: PartProps & { readonly result: ServiceOperationsResponse }) {
  const rows = useMemo(
    () => ({
      columns: [
        'operation',
        'kind',
        'calls',
        'errors',
        'error_rate',
        'p50_ms',
        'p95_ms',
        'p99_ms',
        'self_ms',
        'self_share',
      ],
      rows: result.operations.map((each) => [
        each.name,
        each.kind,
        each.calls,
        each.errors,
        each.errors / Math.max(each.calls, 1),
        each.p50Ms,
        each.p95Ms,
        each.p99Ms,
        each.selfMs,
        each.selfShare,
      ]),
    }),
    [result],
  );
  const columns: readonly TableColumn[] = [
    {
      name: 'operation',
      title: 'Operation',
      unit: undefined,
      cell: (value) => (
        <Link href={tracesAddress({ service, operation: String(value) }, time.range)}>
          <bdi>{nameOf(String(value))}</bdi>
        </Link>
      ),
    },
    { name: 'kind', title: 'Kind', unit: undefined },
    { name: 'calls', title: 'Calls', unit: 'count' },
    {
      name: 'errors',
      title: 'Errors',
      unit: 'count',
      cell: (value, [operation]) => (
        <FailedCount
          value={value}
          href={tracesAddress({ service, operation: String(operation), isFailed: true }, time.range)}
        />
      ),
    },
    { name: 'error_rate', title: 'Error rate', unit: 'share' },
    ...measuredColumns,
    { name: 'self_ms', title: 'Self time', unit: 'milliseconds' },
    {
      name: 'self_share',
      title: 'Share of time',
      unit: 'share',
      cell: (value) => (
        <span className="service-share">
          <meter min={0} max={1} value={numberOf(value) ?? 0} aria-hidden="true" />
          {formatValue(numberOf(value) ?? 0, 'share')}
        </span>
      ),
    },
  ];
  const { operationCount } = result;
  return (
    <TablePanel
      title="Operations"
      hint={`Self time is the part of a span that no child covers. ${percentileNote}`}
      note={
        operationCount > result.operations.length
          ? `The ${formatNumber(result.operations.length)} with the most self time, of ${formatNumber(operationCount)}.`
          : undefined
      }
    >
      <DataTable label="Operations" result={rows} columns={columns} />
    </TablePanel>
  );
}

function FailedCount({ value, href }: { readonly value: unknown; readonly href: string }) {
  const errors = numberOf(value) ?? 0;
  if (errors === 0) return <span className="quiet">0</span>;
  return (
    <Link className="colour-bad" href={href} aria-label={`${formatValue(errors, 'count')} errors`}>
      {formatValue(errors, 'count')}
    </Link>
  );
}

function TablePanel({
  title,
  hint,
  note,
  children,
}: {
  readonly title: string;
  readonly hint: string;
  readonly note?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <p className="panel-description">
        {hint} {note}
      </p>
      <div className="panel-body">{children}</div>
    </section>
  );
}

function Neighbours({ service, time }: PartProps) {
  const neighbours = useServiceQuery<ServiceNeighboursResponse>('neighbours', { service, time });
  return (
    <div className="service-neighbours">
      <Part name="callers and called services" query={neighbours} />
      {neighbours.data !== undefined && (
        <>
          <TablePanel title="Callers" hint={`Services that call this one. ${percentileNote}`}>
            <NeighbourTable label="Callers" rows={neighbours.data.callers} time={time} />
          </TablePanel>
          <TablePanel title="Calls" hint={`Services that this one calls. ${percentileNote}`}>
            <NeighbourTable label="Calls" rows={neighbours.data.callees} time={time} />
          </TablePanel>
        </>
      )}
    </div>
  );
}

function NeighbourTable({
  label,
  rows,
  time,
}: {
  readonly label: string;
  readonly rows: readonly ServiceNeighbour[];
  readonly time: TimeRangeState;
}) {
  const result = useMemo(
    () => ({
      columns: ['service', 'calls', 'errors', 'error_rate', 'p50_ms', 'p95_ms', 'p99_ms'],
      rows: rows.map((row) => [
        row.service,
        row.calls,
        row.errors,
        row.errors / Math.max(row.calls, 1),
        row.p50Ms,
        row.p95Ms,
        row.p99Ms,
      ]),
    }),
    [rows],
  );
  if (rows.length === 0) return <NoData>None in this time range.</NoData>;
  const columns: readonly TableColumn[] = [
    {
      name: 'service',
      title: 'Service',
      unit: undefined,
      cell: (value) =>
        value === null ? (
          <span className="quiet">Requests without a caller</span>
        ) : (
          <>
            <i className={`dot ${serviceColour(String(value))}`} aria-hidden="true" />{' '}
            <Link href={serviceAddress(String(value), time.range)}>
              <bdi>{nameOf(String(value))}</bdi>
            </Link>
          </>
        ),
    },
    { name: 'calls', title: 'Calls', unit: 'count' },
    { name: 'errors', title: 'Errors', unit: 'count' },
    { name: 'error_rate', title: 'Error rate', unit: 'share' },
    ...measuredColumns,
  ];
  return <DataTable label={label} result={result} columns={columns} />;
}

function Errors({ service, time }: PartProps) {
  const errors = useServiceQuery<ServiceErrorsResponse>('errors', { service, time });
  return (
    <TablePanel
      title="Errors"
      hint="Failed spans by exception type and message, or by the message of their status."
      note={errors.data === undefined ? undefined : boundOf(errors.data)}
    >
      <Part name="errors" query={errors} />
      {errors.data?.groups.length === 0 && <NoData>No errors in this time range.</NoData>}
      {errors.data !== undefined && errors.data.groups.length > 0 && <ErrorTable result={errors.data} />}
    </TablePanel>
  );
}

/** Says which failed spans are not in the groups; empty if all are. */
function boundOf({ groups, groupCount, readSpans, failedSpans }: ServiceErrorsResponse): string {
  return [
    ...(readSpans < failedSpans
      ? [
          `From the newest ${formatNumber(readSpans)} of ${formatNumber(failedSpans)} failed spans; a shorter range has all of its own.`,
        ]
      : []),
    ...(groups.length < groupCount
      ? [`The ${formatNumber(groups.length)} most frequent of ${formatNumber(groupCount)} groups.`]
      : []),
  ].join(' ');
}

function ErrorTable({ result }: { readonly result: ServiceErrorsResponse }) {
  const rows = useMemo(
    () => ({
      columns: ['message', 'operation', 'spans', 'first', 'last', 'trace'],
      rows: result.groups.map((group) => [
        [group.type, group.message].filter((text) => text !== null && text !== '').join(': '),
        group.example.operation,
        group.spans,
        msOfUnixNano(group.firstSeenUnixNano),
        msOfUnixNano(group.lastSeenUnixNano),
        `/trace/${group.example.traceId}?span=${group.example.spanId}`,
      ]),
    }),
    [result],
  );
  const moment = (value: unknown) => formatMoment(numberOf(value) ?? 0);
  const columns: readonly TableColumn[] = [
    {
      name: 'message',
      title: 'Error',
      unit: undefined,
      cell: (value) =>
        value === '' ? <span className="quiet">No message</span> : <bdi className="service-error">{String(value)}</bdi>,
    },
    { name: 'operation', title: 'Latest operation', unit: undefined },
    { name: 'spans', title: 'Spans', unit: 'count' },
    { name: 'first', title: 'First seen', unit: 'count', cell: moment },
    { name: 'last', title: 'Last seen', unit: 'count', cell: moment },
    {
      name: 'trace',
      title: 'Example',
      unit: undefined,
      cell: (value) => <Link href={String(value)}>Trace</Link>,
    },
  ];
  return <DataTable label="Errors" result={rows} columns={columns} />;
}

/** A name to show, also where it is empty. */
function nameOf(text: string): string {
  return text === '' ? '(no name)' : text;
}
