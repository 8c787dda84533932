import pg from 'pg';
import { ping, readSql, rollback } from '../sql.js';

const holdLock = readSql<{ readonly lock: string; readonly silence_ms: number }>(import.meta.url, 'hold-lock.sql');

/** The jobs that one store does at a time. The table of the lock is `tracestore.<name>_lock`. */
export type StoreLockName = 'lifecycle' | 'calls';

/**
 * The interval of the heartbeat of a held lock. The server ends a transaction that is silent for `silenceMs`, and with it
 * the lock of a store whose machine has disappeared without closing its connections.
 */
const heartbeatMs = 10_000;
const silenceMs = 60_000;

/** After this time without a response to a heartbeat, the lock counts as lost. That is before the server can give it to another store. */
const unansweredMs = 40_000;

/** SQLSTATE lock_not_available. */
const lockNotAvailable = '55P03';

/**
 * A lock that one store of several on a database holds at a time.
 *
 * It is the lock of an open transaction on a private table. Readers may not lock the table, a store that ends releases the
 * lock with its connection, and a pooler cannot take it away. The guarded work runs on other connections, because some of
 * it cannot run inside of a transaction. The open transaction has neither a snapshot nor an id, so it does not hold back
 * vacuum.
 */
export class StoreLock {
  private client: pg.Client | undefined;

  /**
   * @param name of the lock
   * @param connect opens a connection for this lock only, which is kept between two uses
   */
  constructor(
    private readonly name: StoreLockName,
    private readonly connect: () => Promise<pg.Client>,
  ) {}

  /**
   * Runs a function while it holds the lock. It does not wait for the lock.
   *
   * @param run gets a signal that is aborted when the lock is lost with its connection. It must then stop
   * @returns false if another store holds the lock and nothing ran
   * @throws what `connect` and `run` throw
   */
  async hold(run: (lost: AbortSignal) => Promise<void>): Promise<boolean> {
    const client = await this.connected();
    if (!(await this.take(client))) return false;
    const lost = new AbortController();
    const onEnd = (): void => lost.abort();
    client.once('end', onEnd);
    const endConnection = (): void => void client.end().catch(() => undefined);
    let answeredAtMs = performance.now();
    const heartbeat = setInterval(() => {
      if (performance.now() - answeredAtMs > unansweredMs) return endConnection();
      client.query(ping).then(() => (answeredAtMs = performance.now()), endConnection);
    }, heartbeatMs);
    try {
      await run(lost.signal);
    } finally {
      clearInterval(heartbeat);
      client.off('end', onEnd);
      // The connection is worth nothing if it does not give the lock back.
      await client.query(rollback).catch(() => client.end().catch(() => undefined));
    }
    return true;
  }

  /** Ends the connection, and with it the lock. */
  async end(): Promise<void> {
    await this.client?.end().catch(() => undefined);
  }

  private async connected(): Promise<pg.Client> {
    if (this.client !== undefined) return this.client;
    const client = await this.connect();
    client.on('end', () => {
      if (this.client === client) this.client = undefined;
    });
    this.client = client;
    return client;
  }

  private async take(client: pg.Client): Promise<boolean> {
    try {
      await client.query(holdLock.bindLiterals({ lock: `${this.name}_lock`, silence_ms: silenceMs }));
      return true;
    } catch (error) {
      await client.query(rollback).catch(() => client.end().catch(() => undefined));
      if (error instanceof pg.DatabaseError && error.code === lockNotAvailable) return false;
      throw error;
    }
  }
}
