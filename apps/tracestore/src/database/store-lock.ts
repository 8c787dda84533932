import pg from 'pg';
import { ping, readSql, rollback } from '../sql.js';

const holdLock = readSql<{ readonly lock: string; readonly silence_ms: number }>(import.meta.url, 'hold-lock.sql');

/** What one store at a time does, by the name of its table `tracestore.<name>_lock`. */
export type StoreLockName = 'lifecycle' | 'calls';

/**
 * So often a held lock says that its store is alive. The server ends a transaction that says nothing for `silenceMs`, and
 * with it the lock of a store whose machine has gone without closing its connections.
 */
const heartbeatMs = 10_000;
const silenceMs = 60_000;

/** A lock whose heartbeat the server has not answered for so long counts as lost: before the server gives it to another. */
const unansweredMs = 40_000;

/** SQLSTATE lock_not_available. */
const lockNotAvailable = '55P03';

/**
 * A lock that one store of several on a database holds at a time.
 *
 * It is the lock of an open transaction on a private table: readers may not lock the table, a store that dies gives the
 * lock back with its connection, and a pooler cannot take it away. What the lock guards runs on other connections, as some
 * of it cannot run inside of a transaction. The open transaction has neither a snapshot nor an id, so it keeps no row from
 * being cleaned up.
 */
export class StoreLock {
  private client: pg.Client | undefined;

  /**
   * @param name says which lock
   * @param connect opens a connection that is the lock's alone; it is kept between two uses of the lock
   */
  constructor(
    private readonly name: StoreLockName,
    private readonly connect: () => Promise<pg.Client>,
  ) {}

  /**
   * Runs something while it holds the lock. Does not wait for the lock.
   *
   * @param run is given a signal that comes when the lock is lost, as its connection is: `run` must then stop
   * @returns false when another store holds the lock, and nothing ran
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
