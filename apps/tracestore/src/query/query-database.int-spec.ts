import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { queryOnce } from '@spandrel/testing/running-tracestore';
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

/** What the server is doing for us. */
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

const sleep = 'SELECT pg_sleep($1)';

describe('whoever no longer waits', () => {
  it('is told so, and the server stops', async () => {
    const waiting = new AbortController();
    const answer = database.query(sleep, [60], waiting.signal);
    await expect.poll(underWay).toHaveLength(1);
    waiting.abort();
    await expect(answer).rejects.toMatchObject({ kind: { code: 'cancelled' } });
    await expect.poll(underWay).toEqual([]);
    // Others are not hit by a cancellation that comes late.
    const others = Array.from({ length: 10 }, (_, n) =>
      database.query<{ n: number }>('SELECT $1::int AS n', [n], undefined),
    );
    expect((await Promise.all(others)).map(([row]) => row?.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes no connection when it was known before', async () => {
    await expect(database.query('SELECT 1', [], AbortSignal.abort())).rejects.toMatchObject({
      kind: { code: 'cancelled' },
    });
    expect(await connections()).toBe(0);
  });
});

describe('the database', () => {
  it('works at a statement no longer than it may', async () => {
    const hasty = new QueryDatabaseService({ databaseUrl: fresh.url, queryConnections: 1, queryTimeoutMs: 200 });
    await expect(hasty.query(sleep, [60], undefined)).rejects.toMatchObject({ kind: { code: 'timed-out' } });
    expect(await hasty.query('SELECT 1 AS one', [], undefined)).toEqual([{ one: 1 }]);
    await hasty.onApplicationShutdown();
  });

  it('is only read', async () => {
    await expect(database.query('CREATE TABLE t (n int)', [], undefined)).rejects.toMatchObject({
      kind: { code: 'unavailable' },
      cause: { code: '25006' },
    });
  });

  it('is not flooded with connections', async () => {
    const answers = Array.from({ length: 20 }, () => database.query(sleep, [0.02], undefined));
    await expect.poll(connections).toBe(2);
    await Promise.all(answers);
    expect(await connections()).toBe(2);
  });

  it('may go, and come back', async () => {
    const answer = database.query(sleep, [60], undefined).catch((error: unknown) => error);
    await expect.poll(underWay).toHaveLength(1);
    await gate.close();
    expect(await answer).toMatchObject({ kind: { code: 'unavailable', mayRetry: true } });
    await expect(database.query('SELECT 1', [], undefined)).rejects.toMatchObject({ kind: { code: 'unavailable' } });
    await gate.open();
    expect(await database.query('SELECT 1 AS one', [], undefined)).toEqual([{ one: 1 }]);
  });

  it('may have no tables yet', async () => {
    await expect(database.query('SELECT FROM tracestore.span', [], undefined)).rejects.toMatchObject({
      kind: { code: 'unavailable' },
    });
  });

  it('is not to blame for a statement that is wrong', async () => {
    await expect(database.query('SELEKT 1', [], undefined)).rejects.toMatchObject({ kind: { code: 'internal' } });
  });
});
