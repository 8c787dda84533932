import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type GuardedProcess } from './parent-guard.ts';
import { query } from './postgres.ts';

const pollMs = 100;

/** The service migrates its database, which may take any time. */
class MigratingError extends Error {}

/**
 * Waits until `<url>/readyz` answers 200. The time that the service takes to migrate its database does not count.
 *
 * @throws Error when the process ends first, the signal aborts, or the time is over
 */
export function untilServiceReady(
  url: string,
  process: Pick<GuardedProcess, 'exited'>,
  signal?: AbortSignal,
  timeoutMs = 90_000,
): Promise<void> {
  const probe = async (): Promise<void> => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    const body = await response.text();
    if (response.ok) return;
    const Failure = body.includes('"code":"migrating"') ? MigratingError : Error;
    throw new Failure(`${url}/readyz: ${response.status} ${body.slice(0, 300)}`);
  };
  return untilSucceeds(probe, process, signal, timeoutMs);
}

/**
 * Waits until a PostgreSQL server answers a query.
 *
 * @throws Error when the process ends first, the signal aborts, or the time is over
 */
export function untilPostgresAnswers(
  url: string,
  process: Pick<GuardedProcess, 'exited'>,
  signal?: AbortSignal,
  timeoutMs = 60_000,
): Promise<void> {
  return untilSucceeds(() => query(url, 'SELECT 1'), process, signal, timeoutMs);
}

async function untilSucceeds(
  probe: () => Promise<unknown>,
  { exited }: Pick<GuardedProcess, 'exited'>,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<void> {
  let deadline = Date.now() + timeoutMs;
  let ended: string | undefined;
  void exited.then((exit) => (ended = describeExit(exit)));
  for (;;) {
    const failure = await probe().then(
      () => undefined,
      (error: Error) => error,
    );
    if (ended !== undefined) throw new Error(`the process ended: ${ended}`);
    if (failure === undefined) return;
    signal?.throwIfAborted();
    if (failure instanceof MigratingError) deadline = Date.now() + timeoutMs;
    const { message, cause } = failure;
    if (Date.now() > deadline)
      throw new Error(`${message}${cause instanceof Error ? `: ${cause.message}` : ''} after ${timeoutMs / 1_000} s`);
    await sleep(pollMs);
  }
}
