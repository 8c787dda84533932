import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { createReaderLogin } from '@spandrel/testing/reader-login';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { migrate } from '../schema/migration.js';
import { StoreLock } from './store-lock.js';

let database: FreshDatabase;
const clients: pg.Client[] = [];
const stores: RunningTracestore[] = [];
let gate: DatabaseGate | undefined;

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.stop()));
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  await gate?.close();
  gate = undefined;
  await database.drop();
});

async function connect(url = database.url): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function start(url = database.url): Promise<RunningTracestore> {
  const store = await startTracestore(url);
  stores.push(store);
  return store;
}

async function migrated(): Promise<void> {
  await migrate(await connect());
}

/** Resolves when `hold` runs, with a function that ends it. */
async function holding(lock: StoreLock): Promise<{ readonly lost: AbortSignal; release(): Promise<void> }> {
  let end: () => void = () => undefined;
  let held: Promise<boolean> | undefined;
  const lost = await new Promise<AbortSignal>((resolve, reject) => {
    held = lock.hold(async (signal) => {
      resolve(signal);
      await new Promise<void>((done) => (end = done));
    });
    held.then((isHeld) => isHeld || reject(new Error('another holds the lock')), reject);
  });
  return {
    lost,
    release: async () => {
      end();
      await held;
    },
  };
}

describe('a lock of the store', () => {
  it('is held by one store at a time, and is then free again', async () => {
    await migrated();
    const [one, other, different] = [
      new StoreLock('calls', connect),
      new StoreLock('calls', connect),
      new StoreLock('lifecycle', connect),
    ];
    const held = await holding(one);
    let ran = 0;
    const run = (): Promise<void> => Promise.resolve(void (ran += 1));
    expect(await other.hold(run)).toBe(false);
    expect(await different.hold(run)).toBe(true);
    await held.release();
    expect(await other.hold(run)).toBe(true);
    expect(await one.hold(run)).toBe(true);
    expect(ran).toBe(3);
  });

  it('is free again when the guarded work fails', async () => {
    await migrated();
    const lock = new StoreLock('calls', connect);
    await expect(lock.hold(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await new StoreLock('calls', connect).hold(() => Promise.resolve())).toBe(true);
  });

  it('is lost with its connection: the holder is notified, and another store gets it', async () => {
    await migrated();
    const lock = new StoreLock('calls', connect);
    const { lost, release } = await holding(lock);
    await queryOnce(
      database.url,
      `SELECT pg_terminate_backend(l.pid) FROM pg_locks l
       WHERE l.relation = 'tracestore.calls_lock'::regclass AND l.mode = 'ExclusiveLock'`,
    );
    await expect.poll(() => lost.aborted, { timeout: 10_000 }).toBe(true);
    expect(await new StoreLock('calls', connect).hold(() => Promise.resolve())).toBe(true);
    await release();
    expect(await lock.hold(() => Promise.resolve())).toBe(true);
  });

  it('does not hold back vacuum, and permits backups', async () => {
    await migrated();
    const held = await holding(new StoreLock('lifecycle', connect));
    const [row] = await queryOnce<{ xmin: string | null; xid: string | null }>(
      database.url,
      `SELECT a.backend_xmin::text AS xmin, a.backend_xid::text AS xid
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.relation = 'tracestore.lifecycle_lock'::regclass AND l.mode = 'ExclusiveLock'`,
    );
    expect(row).toEqual({ xmin: null, xid: null });
    expect(await queryOnce(database.url, 'SELECT count(*)::int AS rows FROM tracestore.lifecycle_lock')).toEqual([
      { rows: 0 },
    ]);
    await held.release();
  });

  it('cannot be taken by a reader, and is not an advisory lock', async () => {
    await start();
    const reader = await createReaderLogin(database.url);
    try {
      for (const name of ['lifecycle_lock', 'calls_lock', 'partition_lock', 'migration']) {
        await expect(queryOnce(reader.url, `BEGIN; LOCK TABLE tracestore.${name}`)).rejects.toThrow(
          'permission denied',
        );
      }
      const advisory = await queryOnce(
        database.url,
        `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
      );
      expect(advisory).toEqual([]);
    } finally {
      await reader.drop();
    }
  });

  it('does not depend on advisory locks: while another session holds them, a second store starts and calls are counted', async () => {
    await migrated();
    const holder = await connect();
    await holder.query(
      `SELECT pg_advisory_lock(8318255638512821612), pg_advisory_lock(hashtext('tracestore'), hashtext('calls')),
         pg_advisory_lock(hashtext('tracestore'), hashtext('lifecycle')),
         pg_advisory_lock(hashtext('tracestore.partition'), hashtext('span'))`,
    );
    const { rows } = await holder.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
    const store = await start();
    await expect
      .poll(
        () => queryOnce(database.url, `SELECT counted_at > '${rows[0]?.now}' AS counted FROM tracestore.call_state`),
        { timeout: 30_000 },
      )
      .toEqual([{ counted: true }]);
    expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
  });
});

describe('a store that waits for a lock', () => {
  it('logs the lock, the time and its holder, and becomes ready when the lock is free', async () => {
    gate = await startDatabaseGate(database.url);
    const store = await start(gate.url);
    const holder = await connect();
    await holder.query(`SET application_name = 'a long migration'; BEGIN; LOCK TABLE tracestore.migration`);
    await gate.close();
    await gate.open();
    const detail = async (): Promise<string> => {
      const response = await fetch(`${store.url}/readyz`);
      return response.status === 200 ? 'ready' : ((await response.json()) as { readonly detail: string }).detail;
    };
    await expect
      .poll(detail, { timeout: 30_000 })
      .toMatch(
        /waits for a lock on tracestore\.migration, since \d{4}-.*Z; process \d+ holds it \(a long migration, role /,
      );
    expect(await detail()).toMatch(/\(since \d{4}-\d\d-\d\dT[\d:.]+Z\)$/);
    await holder.query('ROLLBACK');
    await expect.poll(detail, { timeout: 30_000 }).toBe('ready');
  });

  it('listens and retries, instead of an unbounded wait', async () => {
    await migrated();
    // The state that an older store leaves.
    await queryOnce(
      database.url,
      `DELETE FROM tracestore.migration WHERE name = '0006-locks.sql';
       DROP TABLE tracestore.lifecycle_lock, tracestore.calls_lock, tracestore.partition_lock`,
    );
    const holder = await connect();
    // What the migration creates first, in a transaction that has not ended.
    await holder.query('BEGIN; CREATE TABLE tracestore.lifecycle_lock ()');
    const store = await start();
    const response = await fetch(`${store.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('The start waited for a lock on');
    await holder.query('ROLLBACK');
    await expect.poll(async () => (await fetch(`${store.url}/readyz`)).status, { timeout: 30_000 }).toBe(200);
  });
});
