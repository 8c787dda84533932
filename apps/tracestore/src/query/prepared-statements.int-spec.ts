import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import type { BoundStatement } from '../sql.js';
import { preparedIfRepeated, preparedOverPartitions } from './prepared-statements.js';
import { QueryDatabaseService } from './query-database.service.js';

let fresh: FreshDatabase;
let store: QueryStore;
let database: QueryDatabaseService;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  database = new QueryDatabaseService({ databaseUrl: fresh.url, queryConnections: 1, queryTimeoutMs: 30_000 });
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await store.stop();
  await fresh.drop();
});

/** Selects something by a text of this number. */
function numbered(n: number): BoundStatement {
  return { text: `SELECT $1::int4 + ${n} AS sum`, values: [1] };
}

interface Prepared {
  readonly names: readonly string[];
  readonly pid: number;
}

async function preparedNames(): Promise<Prepared> {
  const [row] = await database.query<Prepared & Record<string, unknown>>(
    {
      text: `SELECT ARRAY(SELECT name FROM pg_prepared_statements WHERE name LIKE 'repeated-%') AS names, pg_backend_pid() AS pid`,
      values: [],
    },
    undefined,
  );
  return row ?? { names: [], pid: 0 };
}

describe('a statement that is repeated', () => {
  it('is prepared at its third use, and answers the same', async () => {
    const { names: before } = await preparedNames();
    for (let use = 1; use <= 4; use += 1) {
      expect(await database.query(preparedIfRepeated(numbered(1)), undefined)).toEqual([{ sum: 2 }]);
      expect((await preparedNames()).names).toHaveLength(before.length + (use < 3 ? 0 : 1));
    }
  });

  it('uses indexes of empty partitions, and leaves the settings of the session', async () => {
    const settings: BoundStatement = {
      text: `SELECT current_setting('enable_seqscan') AS seqscan, current_setting('transaction_read_only') AS read_only, $1::int4 AS n`,
      values: [1],
    };
    for (let use = 1; use < 3; use += 1) preparedOverPartitions(settings);
    const inside = await database.query<{ seqscan: string }>(preparedOverPartitions(settings), undefined);
    expect(inside).toEqual([{ seqscan: expect.stringMatching(/^(?:off|on)$/) as string, read_only: 'on', n: 1 }]);
    const [storage] = await database.query<{ relkind: string }>(
      { text: `SELECT relkind FROM pg_class WHERE oid = 'tracestore.span'::regclass`, values: [] },
      undefined,
    );
    expect(inside[0]?.seqscan).toBe(storage?.relkind === 'p' ? 'off' : 'on');
    expect(await database.query(settings, undefined)).toMatchObject([{ seqscan: 'on' }]);
  });

  it('reports its own error, and the next query works', async () => {
    const failing: BoundStatement = { text: 'SELECT 1 / $1::int4 AS quotient', values: [0] };
    for (let use = 1; use < 3; use += 1) preparedOverPartitions(failing);
    await expect(database.query(preparedOverPartitions(failing), undefined)).rejects.toMatchObject({
      cause: { message: 'division by zero' },
    });
    expect(await database.query(numbered(2), undefined)).toEqual([{ sum: 3 }]);
  });

  it('is one of at most 49 that a connection has', async () => {
    const pids = new Set<number>();
    for (let n = 100; n < 160; n += 1) {
      for (let use = 1; use <= 3; use += 1) await database.query(preparedIfRepeated(numbered(n)), undefined);
      const { names, pid } = await preparedNames();
      expect(names.length).toBeLessThanOrEqual(49);
      pids.add(pid);
    }
    expect(pids.size).toBe(2);
  });
});
