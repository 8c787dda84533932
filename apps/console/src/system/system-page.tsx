import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { PartitionsAnswer, Retention, StorageAnswer, SystemAnswer, SystemNote } from '../api/answers.ts';
import { get, tell } from '../api/client.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { formatBytes } from './bytes.ts';
import { IngestRate } from './ingest-rate.tsx';
import { countsOf, valueOf } from './readings.ts';
import './system-page.css';

const everyMs = 2_000;
const storageEveryMs = 30_000;
const msPerDay = 86_400_000;
/** Figures of calls are made every ten seconds; behind by more than this, something is wrong. */
const worryingLagS = 120;

/** How the store does. */
export function SystemPage() {
  const system = useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => ({ answer: await get<SystemAnswer>('system', signal), atMs: performance.now() }),
    refetchInterval: everyMs,
  });
  useEffect(() => {
    document.title = 'System · Spandrel';
  }, []);
  return (
    <div className="system-page">
      <h1>System</h1>
      {system.isPending && <div className="skeleton" role="status" aria-label="The figures are loading" />}
      {system.isError && <Failure error={system.error} retry={() => void system.refetch()} />}
      {system.data !== undefined && (
        <>
          <Notes title="Problems" notes={system.data.answer.problems} />
          <Notes title="Warnings" notes={system.data.answer.warnings} />
          <Ingest {...system.data} />
          <div className="system-columns">
            <Refusals system={system.data.answer} />
            <Database system={system.data.answer} />
            <RetentionForm />
          </div>
        </>
      )}
      <Storage />
    </div>
  );
}

/** What an operator should know, with the SQL that mends it; nothing where there is nothing to say. */
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
              <p className="quiet">An administrator runs this in the database of the store. No restart is needed.</p>
              <pre className="note-statement">
                <code>{statement}</code> <CopyButton text={statement} what="the statement" />
              </pre>
            </>
          )}
        </div>
      ))}
    </section>
  );
}

function Ingest({ answer, atMs }: { readonly answer: SystemAnswer; readonly atMs: number }) {
  const read = (name: string): number => valueOf(answer, name);
  const lagS = read('tracestore_calls_lag_seconds');
  const limit = read('tracestore_ingest_in_flight_limit_bytes');
  const inFlight = read('tracestore_ingest_in_flight_bytes');
  const commits = read('tracestore_ingest_commit_duration_seconds_count');
  const commitMs = (read('tracestore_ingest_commit_duration_seconds_sum') / Math.max(commits, 1)) * 1_000;
  return (
    <section aria-label="What comes in">
      <div className="tiles">
        <IngestRate accepted={read('tracestore_ingest_spans_accepted_total')} atMs={atMs} />
        <Tile name="Waiting for a transaction" hint="Requests and bytes of rows that the database has not taken yet">
          {read('tracestore_ingest_queued_requests').toLocaleString()}{' '}
          <small>{formatBytes(read('tracestore_ingest_queued_bytes'))}</small>
        </Tile>
        <Tile
          name="In flight"
          hint="Bytes of requests from their first byte to their answer; above the limit they are refused"
        >
          {formatBytes(inFlight)} <small>of {formatBytes(limit)}</small>
          <meter min={0} max={Math.max(limit, 1)} high={limit * 0.8} value={inFlight} aria-label="Share of the limit" />
        </Tile>
        <Tile name="A commit takes" hint="On the average since this tracestore was started">
          {commits === 0 ? '–' : formatDuration(commitMs * 1e6)}{' '}
          <small>{commits.toLocaleString()} since the start</small>
        </Tile>
        <Tile
          name="Figures of calls behind"
          hint="Dashboards and the service map are made of these; a store that keeps up is about 10 s behind"
          isBad={lagS > worryingLagS}
        >
          {Number.isNaN(lagS) ? '–' : formatDuration(Math.round(lagS) * 1e9)}
        </Tile>
      </div>
    </section>
  );
}

/** What a refusal means, for whoever has to do something about it. */
const meanings: Readonly<Record<string, string>> = {
  overloaded: 'more came at once than may be in flight; senders try again',
  unavailable: 'the database was away; senders try again',
  internal: 'a fault of tracestore: look into its log',
};

function Refusals({ system }: { readonly system: SystemAnswer }) {
  const refused = countsOf(system, 'tracestore_ingest_requests_refused_total', 'code');
  const rejected = countsOf(system, 'tracestore_ingest_spans_rejected_total', 'reason');
  const requests = countsOf(system, 'tracestore_ingest_requests_total', 'protocol');
  const accepted = valueOf(system, 'tracestore_ingest_spans_accepted_total');
  const hits = valueOf(system, 'tracestore_ingest_ledger_hits_total');
  return (
    <section className="card" aria-labelledby="refusals">
      <h2 id="refusals">Taken and refused</h2>
      <p className="quiet">By this tracestore, since it was started.</p>
      <dl>
        <Pair name="Spans stored">{accepted.toLocaleString()}</Pair>
        {requests.map(({ label, value }) => (
          <Pair key={label} name={`Requests over ${label === 'grpc' ? 'gRPC' : 'HTTP'}`}>
            {value.toLocaleString()}
          </Pair>
        ))}
        <Pair name="Retries of what was stored">{hits.toLocaleString()}</Pair>
        {rejected.map(({ label, value }) => (
          <Pair key={label} name={`Spans left out: ${label.replaceAll('-', ' ')}`}>
            <span className="bad">{value.toLocaleString()}</span>
          </Pair>
        ))}
        {refused.map(({ label, value }) => (
          <Pair key={label} name={`Requests refused: ${label.replaceAll('-', ' ')}`}>
            <span className="bad">{value.toLocaleString()}</span>
            {meanings[label] !== undefined && <small className="quiet"> {meanings[label]}</small>}
          </Pair>
        ))}
      </dl>
      {rejected.length + refused.length === 0 && <p className="quiet">Nothing was refused.</p>}
    </section>
  );
}

function Database({ system }: { readonly system: SystemAnswer }) {
  const { database, versions } = system;
  const yes = (can: boolean): string => (can ? 'yes' : 'no');
  return (
    <section className="card" aria-labelledby="database">
      <h2 id="database">What the database can do</h2>
      {database === null ? (
        <p className="bad">It was not reached yet. What comes in is answered with “try again”.</p>
      ) : (
        <dl>
          <Pair name="PostgreSQL">{database.postgresVersion}</Pair>
          <Pair name="TimescaleDB">
            {database.timescale === null
              ? 'not there'
              : `${database.timescale.version}, under the licence ${database.timescale.license}`}
          </Pair>
          <Pair name="Spans are kept in">{database.storage}</Pair>
          <Pair name="Compresses old chunks">{yes(database.compression)}</Pair>
          <Pair name="Compresses long values with lz4">{yes(database.lz4)}</Pair>
        </dl>
      )}
      <dl>
        <Pair name="tracestore">{versions.tracestore}</Pair>
        <Pair name="Node.js">{versions.node}</Pair>
      </dl>
    </section>
  );
}

function RetentionForm() {
  const id = useId();
  const client = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [days, setDays] = useState<string>();
  const [failure, setFailure] = useState<Error>();
  const retention = useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => get<Retention>('system/retention', signal),
  });
  const now = retention.data;
  const asked = days === undefined ? undefined : Math.round(Number(days) * msPerDay);
  const set = async (retentionMs: number | null): Promise<void> => {
    setFailure(undefined);
    try {
      client.setQueryData(['retention'], await tell<Retention>('PUT', 'system/retention', { retentionMs }));
      setDays(undefined);
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    dialog.current?.showModal();
  };
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Retention</h2>
      {retention.isError && <Failure error={retention.error} retry={() => void retention.refetch()} />}
      {now !== undefined && (
        <>
          <p>
            Spans are kept for <strong>{daysOf(now.retentionMs)}</strong> after their start and after their receipt
            {now.isRequested ? ', as was set here or in SQL.' : ', as tracestore is configured.'}
          </p>
          <form className="row" onSubmit={submit}>
            <label>
              Days{' '}
              <input
                type="number"
                min={1 / 24}
                max={36_500}
                step="any"
                required
                value={days ?? now.retentionMs / msPerDay}
                onChange={(event) => setDays(event.target.value)}
              />
            </label>
            <button type="submit" disabled={asked === undefined || asked === now.retentionMs}>
              Set…
            </button>
            {now.isRequested && (
              <button type="button" onClick={() => void set(null)}>
                As configured
              </button>
            )}
          </form>
          {failure !== undefined && <Failure error={failure} />}
          <dialog ref={dialog} aria-labelledby={`${id}-question`}>
            <form method="dialog" onSubmit={() => undefined}>
              <h2 id={`${id}-question`}>Keep spans for {daysOf(asked ?? now.retentionMs)}?</h2>
              <p>
                {(asked ?? 0) < now.retentionMs
                  ? 'What is older is deleted after 24 hours and does not come back; until then you can set it back. A warning above says how to delete it at once.'
                  : 'What was deleted before does not come back; the database will take more room.'}
              </p>
              <div className="row">
                <button type="submit" className="primary" onClick={() => void set(asked ?? null)}>
                  {(asked ?? 0) < now.retentionMs ? 'Delete what is older' : 'Keep for longer'}
                </button>
                <button type="submit">Leave it</button>
              </div>
            </form>
          </dialog>
        </>
      )}
    </section>
  );
}

function Storage() {
  const storage = useQuery({
    queryKey: ['storage'],
    queryFn: ({ signal }) => get<StorageAnswer>('system/storage', signal),
    refetchInterval: storageEveryMs,
  });
  const partitions = useQuery({
    queryKey: ['partitions'],
    queryFn: ({ signal }) => get<PartitionsAnswer>('system/partitions', signal),
    refetchInterval: storageEveryMs,
  });
  if (storage.isError) return <Failure error={storage.error} retry={() => void storage.refetch()} />;
  if (storage.data === undefined) {
    return <div className="skeleton" role="status" aria-label="Tables are being measured" />;
  }
  const { tables, databaseBytes } = storage.data;
  const largest = Math.max(...tables.map(({ bytes }) => bytes), 1);
  const parts = partitions.data?.partitions ?? [];
  const largestPart = Math.max(...parts.map(({ bytes }) => bytes), 1);
  return (
    <div className="system-columns wide">
      <section className="card" aria-labelledby="tables">
        <h2 id="tables">Tables, {formatBytes(databaseBytes)} in all</h2>
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
                  Parts
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
                  <td className="right">{count === 0 ? '' : count.toLocaleString()}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="card" aria-labelledby="parts">
        <h2 id="parts">Parts in which spans are kept</h2>
        {partitions.isError && <Failure error={partitions.error} retry={() => void partitions.refetch()} />}
        <div className="scrolled" tabIndex={0} role="group" aria-labelledby="parts">
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
              {parts.map(({ name, fromUnixNano, toUnixNano, bytes, isCompressed }) => (
                <tr key={name} title={name}>
                  {fromUnixNano === null || toUnixNano === null ? (
                    <th scope="row" colSpan={2}>
                      Any other time
                    </th>
                  ) : (
                    <>
                      <th scope="row">{minuteOf(fromUnixNano)}</th>
                      <td>{minuteOf(toUnixNano)}</td>
                    </>
                  )}
                  <td className="right">
                    {isCompressed && <small className="quiet">compressed </small>}
                    <Share of={largestPart} value={bytes} /> {formatBytes(bytes)}
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

function daysOf(ms: number): string {
  const days = ms / msPerDay;
  if (days < 1) return formatDuration(ms * 1e6);
  const count = Number(days.toFixed(2));
  return `${count.toLocaleString()} ${count === 1 ? 'day' : 'days'}`;
}

function minuteOf(unixNano: string): string {
  return formatTime(unixNano).slice(0, -':00.000'.length);
}
