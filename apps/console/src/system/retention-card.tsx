import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react';
import type { PartitionsResponse, Retention } from '../api/types.ts';
import { get, send } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { counted, formatNumber } from '../format/number.ts';
import { formatBytes } from './bytes.ts';
import { usePartitions, useRetention } from './use-storage.ts';
import { expiredPartitionsOf } from './storage-estimate.ts';

const msPerDay = 86_400_000;

type Pending = Retention['pending'][number];

const subjects: Readonly<Record<Pending['subject'], string>> = {
  traces: 'spans',
  aggregates: 'aggregates',
  ledger: 'digests of requests',
};

/** How long spans are kept, with forms to change that, and shorter retentions that wait for a confirmation. */
export function RetentionCard() {
  const id = useId();
  const client = useQueryClient();
  const [days, setDays] = useState<string>();
  const [failure, setFailure] = useState<Error>();
  const dialog = useRef<HTMLDialogElement>(null);
  const retention = useRetention();
  const partitions = usePartitions().data;
  const now = retention.data;
  const requestedMs = days === undefined ? undefined : Math.round(Number(days) * msPerDay);
  const change = async (request: () => Promise<Retention>): Promise<void> => {
    setFailure(undefined);
    try {
      client.setQueryData(['retention'], await request());
      setDays(undefined);
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const set = (retentionMs: number | null): Promise<void> =>
    change(() => send<Retention>('PUT', 'system/retention', { retentionMs }));
  const confirm = (retentionMs: number): Promise<void> =>
    change(async () => {
      await send<Retention>('POST', 'system/retention/confirmation', { retentionMs });
      return get<Retention>('system/retention');
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    dialog.current?.showModal();
  };
  const isShorter = now !== undefined && (requestedMs ?? 0) < now.retentionMs;
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Retention</h2>
      {retention.isError && <Failure error={retention.error} retry={() => void retention.refetch()} />}
      {now !== undefined && (
        <>
          <p>
            Spans are kept for <strong>{daysOf(now.retentionMs)}</strong> after their start and after they were received
            {now.isRequested ? ' (set here or in SQL).' : ' (from the configuration).'}
          </p>
          {[...Map.groupBy(now.pending, (each) => each.retentionMs)].map(([retentionMs, pending]) => (
            <PendingRetention
              key={retentionMs}
              retentionMs={retentionMs}
              pending={pending}
              partitions={partitions}
              onConfirm={() => void confirm(retentionMs)}
            />
          ))}
          <form className="row" onSubmit={submit}>
            <label>
              Days{' '}
              <input
                type="number"
                min={1 / 24}
                max={36_500}
                step="any"
                required
                value={days ?? Number((now.retentionMs / msPerDay).toFixed(3))}
                // The browser's own message has the smallest number with all its digits.
                onInvalid={({ currentTarget }) =>
                  currentTarget.setCustomValidity('Enter a number of days: at least 0.042 (one hour), at most 36500.')
                }
                onChange={({ target }) => {
                  target.setCustomValidity('');
                  setDays(target.value);
                }}
              />
            </label>
            <button type="submit" disabled={requestedMs === undefined || requestedMs === now.retentionMs}>
              Change…
            </button>
            {now.isRequested && (
              <button type="button" onClick={() => void set(null)}>
                Reset to configuration
              </button>
            )}
          </form>
          {failure !== undefined && <Failure error={failure} />}
          <dialog ref={dialog} aria-labelledby={`${id}-dialog`}>
            <form method="dialog">
              <h2 id={`${id}-dialog`}>Keep spans for {daysOf(requestedMs ?? now.retentionMs)}?</h2>
              {isShorter ? (
                <>
                  <Deleted partitions={partitions} retentionMs={requestedMs ?? now.retentionMs} />
                  <p>
                    Nothing is deleted for 24 hours. Until then you can set the retention back, or confirm here that it
                    applies now.
                  </p>
                </>
              ) : (
                <p>Deleted spans are not restored. The database will need more disk space.</p>
              )}
              <div className="row">
                <button
                  type="submit"
                  className={isShorter ? 'danger' : 'primary'}
                  onClick={() => void set(requestedMs ?? null)}
                >
                  {isShorter ? 'Delete older spans' : 'Keep longer'}
                </button>
                <button type="submit">Cancel</button>
              </div>
            </form>
          </dialog>
        </>
      )}
    </section>
  );
}

/** A shorter retention for which the lifecycle waits, and a button that applies it now. */
function PendingRetention({
  retentionMs,
  pending,
  partitions,
  onConfirm,
}: {
  readonly retentionMs: number;
  /** What the retention is of, at least one. */
  readonly pending: readonly Pending[];
  readonly partitions: PartitionsResponse | undefined;
  readonly onConfirm: () => void;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const deleted = pending.map(({ subject }) => subjects[subject]).join(', ');
  const waitsMs = Math.min(...pending.map((each) => each.waitsMs));
  return (
    <div className="pending-retention" role="group" aria-label="Retention that waits">
      <p>
        A retention of <strong>{daysOf(retentionMs)}</strong> waits: it deletes older {deleted} in{' '}
        <strong>{formatDuration(waitsMs * 1e6)}</strong>.
      </p>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Delete now…
      </button>
      <dialog ref={dialog} aria-labelledby={`${id}-dialog`}>
        <form method="dialog">
          <h2 id={`${id}-dialog`}>
            Delete {deleted} older than {daysOf(retentionMs)} now?
          </h2>
          {pending.some(({ subject }) => subject === 'traces') && (
            <Deleted partitions={partitions} retentionMs={retentionMs} />
          )}
          <p>This applies within a minute and cannot be undone.</p>
          <div className="row">
            <button type="submit" className="danger" onClick={onConfirm}>
              Delete now
            </button>
            <button type="submit">Cancel</button>
          </div>
        </form>
      </dialog>
    </div>
  );
}

/** How much a retention deletes. */
function Deleted({
  partitions,
  retentionMs,
}: {
  readonly partitions: PartitionsResponse | undefined;
  readonly retentionMs: number;
}): ReactNode {
  if (partitions === undefined) return <p>The sizes of the partitions are not known at the moment.</p>;
  const { count, bytes } = expiredPartitionsOf(partitions, retentionMs, Date.now());
  if (count === 0) return <p>No partition is older than that at the moment, so nothing is deleted yet.</p>;
  return (
    <p>
      Up to <strong>{formatBytes(bytes)}</strong> of spans in {formatNumber(count)} of{' '}
      {formatNumber(partitions.partitions.length)} partitions are deleted permanently, with their events and links.
    </p>
  );
}

/** Format a retention: `30 days`, or with hours for less than a day. */
function daysOf(ms: number): string {
  const days = ms / msPerDay;
  if (days < 1) return formatDuration(ms * 1e6);
  const count = Number(days.toFixed(2));
  return counted(count, 'day');
}
