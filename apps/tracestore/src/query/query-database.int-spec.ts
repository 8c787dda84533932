import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import type { BoundStatement } from '../sql.js';
import { QueryDatabaseService } from './query-database.service.js';

let fresh: FreshDatabase;
let gate: DatabaseGate;
let database: QueryDatabaseService;

beforeEach(async () => {
  fresh = await createFreshDatabase();
  gate = await startDatabaseGate(fresh.url);
  database = new QueryDatabaseService({ databaseUrl: gate.url, queryConnections: 2, queryTimeoutMs: 10_000 });
});

afterEach(async () => {
  await database.onApplicationShutdown();
  await gate.close();
  await fresh.drop();
});

/** The statements that run in the server. */
async function underWay(): Promise<readonly string[]> {
  const rows = await queryOnce<{ query: string }>(
    fresh.url,
    `SELECT query FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%pg_sleep%'`,
  );
  return rows.map(({ query }) => query);
}

async function connections(): Promise<number> {
  const [row] = await queryOnce<{ count: number }>(
    fresh.url,
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'tracestore query'`,
  );
  return row?.count ?? 0;
}

/** The machine may be busy with other tests. */
const patiently = { timeout: 20_000 };

const sleepFor = (seconds: number) => statement('SELECT pg_sleep($1)', seconds);

function statement(text: string, ...values: unknown[]): BoundStatement {
  return { text, values };
}

/** A list that says when its query ran, for `tenths` of a second. */
function timedList(
  tenths: number,
  signal?: AbortSignal,
): Promise<readonly { readonly from: Date; readonly to: Date }[]> {
  return database.queryList(
    statement('SELECT clock_timestamp() AS from, pg_sleep($1::float8 / 10) AS slept, clock_timestamp() AS to', tenths),
    statement('SELECT 1'),
    1_000_000,
    signal,
  );
}

describe('a cancelled query', () => {
  it('fails, and its statement stops in the server', async () => {
    const waiting = new AbortController();
    const result = database.query(sleepFor(60), waiting.signal);
    await expect.poll(underWay, patiently).toHaveLength(1);
    waiting.abort();
    await expect(result).rejects.toMatchObject({ kind: { code: 'cancelled' } });
    await expect.poll(underWay, patiently).toEqual([]);
    // A late cancellation does not cancel other queries.
    const others = Array.from({ length: 10 }, (_, n) =>
      database.query<{ n: number }>(statement('SELECT $1::int AS n', n), undefined),
    );
    expect((await Promise.all(others)).map(([row]) => row?.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes no connection when it was cancelled before', async () => {
    await expect(database.query(statement('SELECT 1'), AbortSignal.abort())).rejects.toMatchObject({
      kind: { code: 'cancelled' },
    });
    expect(await connections()).toBe(0);
  });
});

describe('QueryDatabaseService', () => {
  it('returns a part of a list that is too long', async () => {
    const list = (rows: number) =>
      database.queryList(
        statement('SELECT n FROM generate_series(1, $1::int) AS n', rows),
        statement("SELECT 'latest' AS n"),
        10_000,
        undefined,
      );
    expect(await list(2)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await list(100_000)).toEqual([{ n: 'latest' }]);
    expect(database.memory.heldBytes).toBeLessThan(10_000);
  });

  it('runs one list query at a time, and other queries beside it', async () => {
    const lists = [timedList(1), timedList(2), timedList(3)];
    await expect.poll(underWay, patiently).toHaveLength(1);
    expect(await database.query(statement('SELECT 1 AS one'), undefined)).toEqual([{ one: 1 }]);
    const times = (await Promise.all(lists)).flatMap(([row]) => row ?? []);
    expect(times).toHaveLength(3);
    for (const [index, { to }] of times.slice(0, -1).entries())
      expect(times[index + 1]?.from.getTime()).toBeGreaterThanOrEqual(to.getTime());
  });

  it('answers all requests that wait for the same list by one query', async () => {
    const running = timedList(1);
    await expect.poll(underWay, patiently).toHaveLength(1);
    const gone = new AbortController();
    const waiting = [timedList(2), timedList(2, gone.signal), timedList(2)];
    gone.abort();
    await expect(waiting[1]).rejects.toMatchObject({ kind: { code: 'cancelled' } });
    const [one, , other] = await Promise.allSettled(waiting);
    expect(one).toEqual(other);
    // A request does not share a query that began before it.
    const [later] = await timedList(2);
    expect(later?.from.getTime()).toBeGreaterThan((await running)[0]?.to.getTime() ?? Infinity);
    expect({ status: 'fulfilled', value: [later] }).not.toEqual(one);
  });

  it('stops the query for a list when nobody waits for it any more', async () => {
    const gone = new AbortController();
    const abandoned = [timedList(600, gone.signal), timedList(601, gone.signal)];
    await expect.poll(underWay, patiently).toHaveLength(1);
    gone.abort();
    for (const list of abandoned) await expect(list).rejects.toMatchObject({ kind: { code: 'cancelled' } });
    await expect.poll(underWay, patiently).toEqual([]);
    expect(await timedList(1)).toHaveLength(1);
  });

  it('ends a statement at the time limit', async () => {
    const hasty = new QueryDatabaseService({ databaseUrl: fresh.url, queryConnections: 1, queryTimeoutMs: 200 });
    await expect(hasty.query(sleepFor(60), undefined)).rejects.toMatchObject({ kind: { code: 'timed-out' } });
    expect(await hasty.query(statement('SELECT 1 AS one'), undefined)).toEqual([{ one: 1 }]);
    await hasty.onApplicationShutdown();
  });

  it('refuses statements that write', async () => {
    await expect(database.query(statement('CREATE TABLE t (n int)'), undefined)).rejects.toMatchObject({
      kind: { code: 'unavailable' },
      cause: { code: '25006' },
    });
  });

  it('opens no more connections than configured', async () => {
    const results = Array.from({ length: 20 }, () => database.query(sleepFor(0.02), undefined));
    await expect.poll(connections, patiently).toBe(2);
    await Promise.all(results);
    expect(await connections()).toBe(2);
  });

  it('answers again after the database was away', async () => {
    const result = database.query(sleepFor(60), undefined).catch((error: unknown) => error);
    await expect.poll(underWay, patiently).toHaveLength(1);
    await gate.close();
    expect(await result).toMatchObject({ kind: { code: 'unavailable', retryAfterS: 5 } });
    await expect(database.query(statement('SELECT 1'), undefined)).rejects.toMatchObject({
      kind: { code: 'unavailable' },
    });
    await gate.open();
    expect(await database.query(statement('SELECT 1 AS one'), undefined)).toEqual([{ one: 1 }]);
  });

  it('is unavailable while the database has no tables', async () => {
    await expect(database.query(statement('SELECT FROM tracestore.span'), undefined)).rejects.toMatchObject({
      kind: { code: 'unavailable' },
    });
  });

  it('reports an invalid statement as an internal error', async () => {
    await expect(database.query(statement('SELEKT 1'), undefined)).rejects.toMatchObject({
      kind: { code: 'internal' },
    });
  });
});
