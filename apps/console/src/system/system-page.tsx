import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import type { SystemResponse, SystemNote } from '../api/types.ts';
import { get } from '../api/client.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { formatTime } from '../format/time.ts';
import { formatBytes } from './bytes.ts';
import { GrowthCard } from './growth-card.tsx';
import { IngestRate } from './ingest-rate.tsx';
import { countsOf, valueOf } from './readings.ts';
import { RetentionCard } from './retention-card.tsx';
import { TrafficPanel } from './traffic-panel.tsx';
import { usePartitions, useStorage } from './use-storage.ts';
import './system-page.css';

const everyMs = 2_000;
/** The aggregation runs every ten seconds. A lag above this value is shown as a problem. */
const badLagS = 120;

/** The system page: status of ingest, database and storage, and the retention setting. */
export function SystemPage() {
  const system = useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => ({ status: await get<SystemResponse>('system', signal), atMs: performance.now() }),
    refetchInterval: everyMs,
  });
  useEffect(() => {
    document.title = 'System · Spandrel';
  }, []);
  return (
    <div className="system-page">
      <h1>System</h1>
      {system.isPending && <div className="skeleton" role="status" aria-label="Loading system status" />}
      {system.isError && <Failure error={system.error} retry={() => void system.refetch()} />}
      {system.data !== undefined && (
        <>
          <Notes title="Problems" notes={system.data.status.problems} />
          <Notes title="Warnings" notes={system.data.status.warnings} />
          <Ingest {...system.data} />
          <div className="system-columns">
            <IngestCounters system={system.data.status} />
            <Database system={system.data.status} />
            <RetentionCard />
            <GrowthCard />
          </div>
        </>
      )}
      <TrafficPanel />
      <Storage />
    </div>
  );
}

/** Problems or warnings, with the SQL that fixes them; nothing if there are none. */
function Notes({ title, notes }: { readonly title: string; readonly notes: readonly SystemNote[] }) {
  if (notes.length === 0) return null;
  return (
    <section className="failure" aria-label={title}>
      <strong>{title}</strong>
      {notes.map(({ code, message, statement }) => (
        <div key={code}>
          <p>{message}</p>
          {statement !== undefined && (
            <>
              <p className="quiet">Run this as an administrator of the database. No restart is needed.</p>
              <pre className="note-statement">
                <code>{statement}</code> <CopyButton text={statement} what="statement" />
              </pre>
            </>
          )}
        </div>
      ))}
    </section>
  );
}

function Ingest({ status, atMs }: { readonly status: SystemResponse; readonly atMs: number }) {
  const read = (name: string): number => valueOf(status, name);
  const lagS = read('tracestore_calls_lag_seconds');
  const limit = read('tracestore_ingest_in_flight_limit_bytes');
  const inFlight = read('tracestore_ingest_in_flight_bytes');
  const commits = read('tracestore_ingest_commit_duration_seconds_count');
  const commitMs = (read('tracestore_ingest_commit_duration_seconds_sum') / Math.max(commits, 1)) * 1_000;
  return (
    <section aria-label="Ingest">
      <div className="tiles">
        <IngestRate accepted={read('tracestore_ingest_spans_accepted_total')} atMs={atMs} />
        <Tile name="Write queue" hint="Requests and bytes of rows that wait for a database transaction">
          {formatNumber(read('tracestore_ingest_queued_requests'))}{' '}
          <small>{formatBytes(read('tracestore_ingest_queued_bytes'))}</small>
        </Tile>
        <Tile
          name="In flight"
          hint="Bytes of requests that are being received or written; requests above the limit are rejected"
        >
          {formatBytes(inFlight)} <small>of {formatBytes(limit)}</small>
          <meter min={0} max={Math.max(limit, 1)} high={limit * 0.8} value={inFlight} aria-label="Share of the limit" />
        </Tile>
        <Tile name="Commit latency" hint="Average since this tracestore started">
          {commits === 0 ? '–' : formatDuration(commitMs * 1e6)} <small>{formatNumber(commits)} commits</small>
        </Tile>
        <Tile
          name="Aggregation lag"
          hint="Age of the aggregates that dashboards and the service map read; about 10 s is normal"
          isBad={lagS > badLagS}
        >
          {Number.isNaN(lagS) ? '–' : formatDuration(Math.round(lagS) * 1e9)}
        </Tile>
      </div>
    </section>
  );
}

/** Explanations of the codes of rejected requests. */
const explanations: Readonly<Record<string, string>> = {
  overloaded: 'the in-flight limit was reached; clients retry',
  unavailable: 'the database was unavailable; clients retry',
  internal: 'internal error; see the log of tracestore',
};

function IngestCounters({ system }: { readonly system: SystemResponse }) {
  const rejectedRequests = countsOf(system, 'tracestore_ingest_requests_refused_total', 'code');
  const rejectedSpans = countsOf(system, 'tracestore_ingest_spans_rejected_total', 'reason');
  const requests = countsOf(system, 'tracestore_ingest_requests_total', 'protocol');
  const accepted = valueOf(system, 'tracestore_ingest_spans_accepted_total');
  const duplicates = valueOf(system, 'tracestore_ingest_ledger_hits_total');
  return (
    <section className="card" aria-labelledby="ingest-counters">
      <h2 id="ingest-counters">Accepted and rejected</h2>
      <p className="quiet">Counters of this tracestore since it started.</p>
      <dl>
        <Pair name="Spans stored">{formatNumber(accepted)}</Pair>
        {requests.map(({ label, value }) => (
          <Pair key={label} name={`Requests over ${label === 'grpc' ? 'gRPC' : 'HTTP'}`}>
            {formatNumber(value)}
          </Pair>
        ))}
        <Pair name="Duplicate requests (retries)">{formatNumber(duplicates)}</Pair>
        {rejectedSpans.map(({ label, value }) => (
          <Pair key={label} name={`Spans rejected: ${label.replaceAll('-', ' ')}`}>
            <span className="bad">{formatNumber(value)}</span>
          </Pair>
        ))}
        {rejectedRequests.map(({ label, value }) => (
          <Pair key={label} name={`Requests rejected: ${label.replaceAll('-', ' ')}`}>
            <span className="bad">{formatNumber(value)}</span>
            {explanations[label] !== undefined && <small className="quiet"> {explanations[label]}</small>}
          </Pair>
        ))}
      </dl>
      {rejectedSpans.length + rejectedRequests.length === 0 && <p className="quiet">No rejections.</p>}
    </section>
  );
}

function Database({ system }: { readonly system: SystemResponse }) {
  const { database, versions } = system;
  const yes = (can: boolean): string => (can ? 'yes' : 'no');
  return (
    <section className="card" aria-labelledby="database">
      <h2 id="database">Database</h2>
      {database === null ? (
        <p className="bad">Not connected yet. Requests get a retryable error.</p>
      ) : (
        <dl>
          <Pair name="PostgreSQL">{database.postgresVersion}</Pair>
          <Pair name="TimescaleDB">
            {database.timescale === null
              ? 'not installed'
              : `${database.timescale.version} (licence: ${database.timescale.license})`}
          </Pair>
          <Pair name="Span storage">{database.storage}</Pair>
          <Pair name="Compression of old chunks">{yes(database.compression)}</Pair>
          <Pair name="lz4 compression of long values">{yes(database.lz4)}</Pair>
        </dl>
      )}
      <dl>
        <Pair name="tracestore">{versions.tracestore}</Pair>
        <Pair name="Node.js">{versions.node}</Pair>
      </dl>
    </section>
  );
}

function Storage() {
  const storage = useStorage();
  const partitions = usePartitions();
  if (storage.isError) return <Failure error={storage.error} retry={() => void storage.refetch()} />;
  if (storage.data === undefined) {
    return <div className="skeleton" role="status" aria-label="Loading table sizes" />;
  }
  const { tables, databaseBytes } = storage.data;
  const largest = Math.max(...tables.map(({ bytes }) => bytes), 1);
  const spanPartitions = partitions.data?.partitions ?? [];
  const largestPartition = Math.max(...spanPartitions.map(({ bytes }) => bytes), 1);
  return (
    <div className="system-columns wide">
      <section className="card" aria-labelledby="tables">
        <h2 id="tables">Tables, {formatBytes(databaseBytes)} total</h2>
        <div className="scrolled" tabIndex={0} role="group" aria-labelledby="tables">
          <table>
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col" className="right">
                  Size
                </th>
                <th scope="col" className="right">
                  Indexes
                </th>
                <th scope="col" className="right">
                  Partitions
                </th>
              </tr>
            </thead>
            <tbody>
              {tables.map(({ name, bytes, indexBytes, partitions: count }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="right">
                    <Share of={largest} value={bytes} /> {formatBytes(bytes)}
                  </td>
                  <td className="right">{formatBytes(indexBytes)}</td>
                  <td className="right">{count === 0 ? '' : formatNumber(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="card" aria-labelledby="partitions">
        <h2 id="partitions">Partitions</h2>
        {partitions.isError && <Failure error={partitions.error} retry={() => void partitions.refetch()} />}
        <div className="scrolled" tabIndex={0} role="group" aria-labelledby="partitions">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className="right">
                  Size
                </th>
              </tr>
            </thead>
            <tbody>
              {spanPartitions.map(({ name, fromUnixNano, toUnixNano, bytes, isCompressed }) => (
                <tr key={name} title={name}>
                  {fromUnixNano === null || toUnixNano === null ? (
                    <th scope="row" colSpan={2}>
                      Default partition
                    </th>
                  ) : (
                    <>
                      <th scope="row">{minuteOf(fromUnixNano)}</th>
                      <td>{minuteOf(toUnixNano)}</td>
                    </>
                  )}
                  <td className="right">
                    {isCompressed && <small className="quiet">compressed </small>}
                    <Share of={largestPartition} value={bytes} /> {formatBytes(bytes)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

function Share({ of, value }: { readonly of: number; readonly value: number }) {
  return <meter min={0} max={of} value={value} aria-hidden="true" />;
}

function Tile(props: {
  readonly name: string;
  readonly hint: string;
  readonly isBad?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className="tile" title={props.hint}>
      <span className="quiet">{props.name}</span>
      <strong className={props.isBad === true ? 'bad' : ''}>{props.children}</strong>
    </div>
  );
}

function Pair({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function minuteOf(unixNano: string): string {
  return formatTime(unixNano).slice(0, -':00.000'.length);
}
