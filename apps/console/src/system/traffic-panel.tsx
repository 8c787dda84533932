import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import type { TrafficResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { DataTable, type TableColumn } from '../charts/data-table.tsx';
import { formatValue, numberOf } from '../charts/format-value.ts';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { tracesAddress } from '../dashboards/traces-address.ts';
import { Failure } from '../failure.tsx';
import { serviceColour } from '../service-colour.ts';
import { serviceAddress } from '../services/service-address.ts';
import { trafficSeriesOf } from './traffic.ts';

const everyMs = 30_000;
const lastDay = { kind: 'relative', last: '1d' } as const;

/** The spans of the last 24 hours: over time, and by service. */
export function TrafficPanel() {
  const traffic = useQuery({
    queryKey: ['traffic'],
    queryFn: ({ signal }) => get<TrafficResponse>('system/traffic', signal),
    refetchInterval: everyMs,
  });
  return (
    <section className="card" aria-labelledby="traffic">
      <h2 id="traffic">Spans of the last 24 hours</h2>
      <p className="quiet">By the start of a span, from the aggregates. The last seconds are missing.</p>
      {traffic.isError && <Failure error={traffic.error} retry={() => void traffic.refetch()} />}
      {traffic.isPending && (
        <div className="skeleton small" role="status" aria-label="Loading spans of the last 24 hours" />
      )}
      {traffic.data?.services.length === 0 && <p className="quiet">No spans in the last 24 hours.</p>}
      {traffic.data !== undefined && traffic.data.services.length > 0 && (
        <Traffic traffic={traffic.data} readAtMs={traffic.dataUpdatedAt} />
      )}
    </section>
  );
}

/** @param readAtMs the time of the response: the chart ends there, so that a sender that stopped is seen */
function Traffic({ traffic, readAtMs }: { readonly traffic: TrafficResponse; readonly readAtMs: number }) {
  const [, navigate] = useLocation();
  const series = useMemo(() => trafficSeriesOf(traffic), [traffic]);
  const services = useMemo(
    () => new Set(traffic.services.flatMap(({ service }) => (service === null ? [] : [service]))),
    [traffic],
  );
  const bounds = useMemo(
    () => ({
      fromMs: series.timesMs[0] ?? 0,
      toMs: Math.max((series.timesMs.at(-1) ?? 0) + traffic.stepMs, readAtMs),
    }),
    [series, traffic, readAtMs],
  );
  const rows = useMemo(() => {
    const total = traffic.services.reduce((sum, { spans }) => sum + spans, 0);
    return {
      columns: ['service', 'spans', 'share'],
      rows: traffic.services.map(({ service, spans }) => [service, spans, spans / Math.max(total, 1)]),
    };
  }, [traffic]);
  const search = (fromMs: number, toMs: number, name: string): void =>
    navigate(tracesAddress({ ...(services.has(name) ? { service: name } : {}), fromMs, toMs }));
  const columns: readonly TableColumn[] = [
    {
      name: 'service',
      title: 'Service',
      unit: undefined,
      cell: (value) =>
        value === null ? (
          <span className="quiet">All others</span>
        ) : (
          <>
            <i className={`dot ${serviceColour(String(value))}`} aria-hidden="true" />{' '}
            <Link href={serviceAddress(String(value), lastDay)}>
              <bdi>{String(value)}</bdi>
            </Link>
          </>
        ),
    },
    { name: 'spans', title: 'Spans', unit: 'count' },
    { name: 'share', title: 'Share', unit: 'share', cell: (value) => formatValue(numberOf(value) ?? 0, 'share') },
  ];
  return (
    <div className="traffic">
      <div className="traffic-chart">
        <TimeSeriesChart
          title="Spans per second"
          data={series}
          unit="requestsPerSecond"
          isStacked
          bounds={bounds}
          services={services}
          onZoom={(fromMs, toMs) => search(Math.floor(fromMs), Math.ceil(toMs), '')}
          onPick={(timeMs, stepMs, name) => search(timeMs, timeMs + stepMs, name)}
        />
      </div>
      <DataTable label="Spans by service" result={rows} columns={columns} />
    </div>
  );
}
