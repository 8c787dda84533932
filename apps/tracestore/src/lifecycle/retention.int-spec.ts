import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passTime, setDatabaseClock } from '@spandrel/testing/database-time';
import { probeCapabilities } from '../schema/capabilities.js';
import { migrate, readMigrations } from '../schema/migration.js';
import { applyRetentions } from './applied-retention.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import { addPartitions, dropExpired, type LifecycleContext, lifecycleSteps } from './steps.js';

const hourS = 3_600;
const dayS = 24 * hourS;
const dayMs = dayS * 1000;
const config: LifecycleConfig = {
  retentionMs: 30 * dayMs,
  ledgerRetentionMs: 30 * dayMs,
  aggregateRetentionMs: 30 * dayMs,
  compressAfterMs: 6 * hourS * 1000,
};

let database: FreshDatabase;
let client: pg.Client;
let context: LifecycleContext;
const others: pg.Client[] = [];

beforeEach(async () => {
  database = await createFreshDatabase();
  client = await connect();
  await migrate(client);
  await client.query(`SET lock_timeout = '10s'`);
  context = { client, capabilities: await probeCapabilities(client), config };
  await addPartitions(context);
});

afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.end().catch(() => undefined)));
  await database.drop();
});

async function connect(): Promise<pg.Client> {
  const other = new pg.Client(database.url);
  other.on('error', () => undefined);
  await other.connect();
  others.push(other);
  return other;
}

const inDays = (days: number): Date => new Date(Date.now() + days * dayMs);

/** Stores the rows of one request, with dictionary entries of the number `id`. */
async function store(start: Date, id = 1, on: pg.Client = client): Promise<void> {
  await on.query(
    `WITH request AS (INSERT INTO tracestore.ledger (digest) VALUES (sha256(gen_random_uuid()::text::bytea))),
     resource AS (
       INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count) VALUES ($2, 's', '{}', 0)
       ON CONFLICT (id) DO UPDATE SET last_seen = now()
     ),
     scope AS (
       INSERT INTO tracestore.scope (id, attributes, dropped_attributes_count) VALUES ($2, '{}', 0)
       ON CONFLICT (id) DO UPDATE SET last_seen = now()
     ),
     operation AS (
       INSERT INTO tracestore.operation (id, service_name, span_kind, span_name) VALUES ($2, 's', 0, 'n')
       ON CONFLICT (id) DO UPDATE SET last_seen = now()
     ),
     aggregate AS (
       INSERT INTO tracestore.call_5m (time_bucket, operation_id, parent_operation_id, calls, errors, duration_ns_sum, self_ns_sum,
         duration_bucket, duration_calls, self_bucket, self_calls)
       VALUES ($1, $2, 0, 1, 0, 0, 0, '{0}', '{1}', '{0}', '{1}')
     ),
     span AS (
       INSERT INTO tracestore.span (trace_id, span_id, start_time, end_time, operation_id, resource_id, scope_id, instance,
         start_nanos, end_nanos, attributes)
       VALUES (gen_random_uuid(), $2, $1, $1, $2, $2, $2, 0, 0, 0, '{}')
       RETURNING trace_id
     )
     INSERT INTO tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
     SELECT $1, $1, 0, 1, 0, 0, ARRAY[trace_id], '' FROM span`,
    [start, id],
  );
}

/** Counts the rows that the lifecycle can remove. */
async function counts(): Promise<unknown> {
  const tables = ['ledger', 'resource', 'scope', 'operation', 'call_5m', 'span', 'span_block'];
  const { rows } = await client.query<Record<string, number>>(
    `SELECT ${tables.map((table) => `(SELECT count(*)::int FROM tracestore.${table}) AS ${table}`).join()}`,
  );
  return rows[0];
}

async function spans(): Promise<number> {
  const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM tracestore.span');
  return rows[0]?.n ?? 0;
}

/** Runs every step once, as a store does, without the comparison of the clocks. */
async function runAll(): Promise<void> {
  for (const step of lifecycleSteps) await step.run(context);
}

describe('a database clock that is set', () => {
  it.each([40, 4000, -40])('%d days ahead removes nothing, also when it is corrected', async (days) => {
    await store(inDays(0));
    await store(inDays(-2));
    await store(inDays(-45));
    await passTime(client, dayS);
    const before = await counts();
    await setDatabaseClock(client, inDays(days));
    await runAll();
    await passTime(client, dayS);
    await runAll();
    expect(await counts()).toEqual(before);
    await setDatabaseClock(client, undefined);
    await runAll();
    expect(await counts()).toEqual(before);
  });

  it('does not keep rows forever that were received before it was set', async () => {
    await store(inDays(0));
    await setDatabaseClock(client, inDays(40));
    await store(inDays(40), 2);
    await passTime(client, 29 * dayS);
    await setDatabaseClock(client, inDays(69));
    await runAll();
    expect(await spans()).toBe(2);
    await passTime(client, 1.1 * dayS);
    await runAll();
    expect(await spans()).toBe(1);
    await passTime(client, 3 * dayS);
    await setDatabaseClock(client, inDays(73));
    await runAll();
    expect(await counts()).toMatchObject({ span: 0, span_block: 0, call_5m: 0, operation: 0, ledger: 0 });
  });

  it('keeps aggregates of 10 seconds until they are added up to 5 minutes', async () => {
    const add = (table: string): Promise<unknown> =>
      client.query(
        `INSERT INTO tracestore.${table} (time_bucket, operation_id, parent_operation_id, calls, errors, duration_ns_sum,
           self_ns_sum, duration_bucket, duration_calls, self_bucket, self_calls)
         VALUES (date_trunc('hour', now()) - interval '3 days', 1, 0, 1, 0, 0, 0, '{}', '{}', '{}', '{}')`,
      );
    await client.query(`UPDATE tracestore.call_state SET rolled_5m = date_trunc('hour', now()) - interval '4 days'`);
    await add('call_10s');
    await passTime(client, 2.1 * dayS);
    await dropExpired(context);
    expect((await client.query('SELECT FROM tracestore.call_10s')).rowCount).toBe(1);
    await client.query(`UPDATE tracestore.call_state SET rolled_5m = now()`);
    // Its row is in the default partition, and was received 2 days ago.
    await dropExpired(context);
    expect((await client.query('SELECT FROM tracestore.call_10s')).rowCount).toBe(0);
  });
});

describe('a late row', () => {
  it('is kept for the retention after its receipt, in a partition or in the default one', async () => {
    await setDatabaseClock(client, inDays(-31));
    await addPartitions(context);
    // In time, to a partition.
    await store(inDays(-31));
    await passTime(client, 29 * dayS);
    await setDatabaseClock(client, inDays(-2));
    // To the same partition, 29 days later.
    await store(inDays(-31), 2);
    await store(new Date(0), 3);
    await passTime(client, 2 * dayS);
    await setDatabaseClock(client, undefined);
    await runAll();
    expect(await counts()).toMatchObject({ span: 3, operation: 3, call_5m: 3, resource: 3 });
    await passTime(client, 27.9 * dayS);
    await setDatabaseClock(client, inDays(27.9));
    await runAll();
    // No span loses its dictionary entry, although the first entry was not used for 59 days.
    expect(await counts()).toMatchObject({ span: 3, operation: 3, call_5m: 3, resource: 3 });
    await passTime(client, 0.2 * dayS);
    await setDatabaseClock(client, inDays(28.1));
    await runAll();
    expect(await counts()).toMatchObject({ span: 0, span_block: 0, call_5m: 0 });
  });

  it('is not lost if its transaction ends just before the partition is dropped', async () => {
    await setDatabaseClock(client, inDays(-31));
    await addPartitions(context);
    await store(inDays(-31));
    await passTime(client, 31 * dayS);
    await setDatabaseClock(client, undefined);
    const writer = await connect();
    await writer.query('BEGIN');
    await store(inDays(-31), 2, writer);
    const { rows: parts } = await client.query<{ part: string }>(
      `SELECT tableoid::regclass::text AS part FROM tracestore.span`,
    );
    const dropping = client.query<{ dropped: boolean }>(
      `SELECT tracestore.drop_part('span', $1::regclass, $2) AS dropped`,
      [parts[0]?.part, 30 * dayS],
    );
    await expect
      .poll(async () => (await writer.query(`SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'`)).rowCount)
      .toBe(1);
    await writer.query('COMMIT');
    expect((await dropping).rows).toEqual([{ dropped: false }]);
    expect(await spans()).toBe(2);
  });

  it('is deleted as a row if a sender with a stopped clock keeps its partition alive', async () => {
    const stuckAt = inDays(-1);
    await store(stuckAt);
    for (let days = 10; days <= 70; days += 10) {
      await passTime(client, 10 * dayS);
      await setDatabaseClock(client, inDays(days));
      await store(stuckAt);
      await dropExpired(context);
      expect(await spans()).toBe(days < 60 ? days / 10 + 1 : 4);
    }
  });

  it('is every row of a database that was restored from a dump, because transaction ids mean nothing then', async () => {
    await store(inDays(-45));
    await passTime(client, 40 * dayS);
    // Its transaction id is not that of the transaction that wrote it.
    await client.query('UPDATE tracestore.receipt_mark SET observed_s = observed_s');
    await dropExpired(context);
    expect(await spans()).toBe(1);
    await passTime(client, 29 * dayS);
    await dropExpired(context);
    expect(await spans()).toBe(1);
    await passTime(client, 2 * dayS);
    await dropExpired(context);
    expect(await spans()).toBe(0);
  });
});

describe('observed time', () => {
  const threeDays = 3 * dayS;
  const observe = async (storeId: string, elapsedS: number): Promise<number | null> =>
    (
      await client.query<{ gap: number | null }>('SELECT tracestore.observe_time($1, $2, $3, 1e9) AS gap', [
        storeId,
        elapsedS,
        threeDays,
      ])
    ).rows[0]?.gap ?? null;
  const observed = async (): Promise<number> =>
    (await client.query<{ s: number }>('SELECT observed_s AS s FROM tracestore.lifecycle_time')).rows[0]?.s ?? NaN;

  it('advances with the stores, and by the database clock between them and over a short pause', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    expect(await observe(first, 0)).toBeNull();
    expect(await observed()).toBe(0);
    expect(await observe(first, 60)).toBeNull();
    expect(await observed()).toBeCloseTo(60, 0);
    await setDatabaseClock(client, inDays(2));
    expect(await observe(second, 0)).toBeNull();
    expect(Math.abs((await observed()) - 60 - 2 * dayS)).toBeLessThan(60);
  });

  it('does not advance with a clock that is set ahead, and reports it, until it is confirmed', async () => {
    await store(inDays(0));
    const id = randomUUID();
    await observe(id, 0);
    await observe(id, 700);
    await setDatabaseClock(client, inDays(40));
    expect(Math.abs((await observe(randomUUID(), 0)) ?? 0)).toBeGreaterThan(39 * dayS);
    expect(await observed()).toBeLessThan(701);
    await dropExpired(context);
    expect(await spans()).toBe(1);
    const { rows } = await client.query<{ days: number }>(
      'SELECT extract(days FROM ps_trace.confirm_time_gap())::int AS days',
    );
    expect(rows[0]?.days).toBeGreaterThanOrEqual(39);
    await dropExpired(context);
    expect(await spans()).toBe(0);
    expect((await client.query('SELECT FROM tracestore.time_gap')).rowCount).toBe(0);
  });

  it('does not count the same hours twice when a clock is set back and forth', async () => {
    await observe(randomUUID(), 0);
    for (let turn = 0; turn < 4; turn++) {
      await setDatabaseClock(client, inDays(2));
      await observe(randomUUID(), 0);
      await setDatabaseClock(client, undefined);
      await observe(randomUUID(), 0);
    }
    expect(await observed()).toBeLessThan(2.1 * dayS);
  });

  it('advances after a clock was set back', async () => {
    const id = randomUUID();
    await observe(id, 0);
    await setDatabaseClock(client, inDays(-40));
    await observe(id, 60);
    await observe(id, 60);
    expect(await observed()).toBe(120);
  });

  it('covers rows that were received before it began, by the ledger', async () => {
    for (const days of [20, 10, 0]) {
      await client.query(
        `INSERT INTO tracestore.ledger (received_at, digest)
         SELECT now() - $1 * interval '1 day', sha256(gen_random_uuid()::text::bytea) FROM generate_series(1, 5)`,
        [days],
      );
    }
    // As the migration does in a database that already has a ledger.
    const marks = readMigrations().map(({ sql }) => /^DO \$marks\$[^]*?^\$marks\$;/m.exec(sql)?.[0] ?? '');
    await client.query(marks.join(''));
    const { rows } = await client.query<{ requests: number }>(
      `SELECT (SELECT count(*)::int FROM tracestore.ledger
         WHERE pg_current_xact_id()::text::int8 - age(xmin) < tracestore.receipt_cutoff(days * 86400)) AS requests
       FROM unnest(ARRAY[0, 9, 11, 19, 21]) AS days`,
    );
    // Each mark leaves its last request to the next one.
    expect(rows.map(({ requests }) => requests)).toEqual([5, 5, 0, 0, 0]);
  });
});

describe('a shorter retention', () => {
  const apply = async (days: number): Promise<number> =>
    (await applyRetentions(client, { ...config, retentionMs: days * dayMs })).config.retentionMs / dayMs;

  it('applies at once if nothing was kept for longer, as does a longer one', async () => {
    expect(await apply(7)).toBe(7);
    expect(await apply(30)).toBe(30);
  });

  it('waits for a day of observed time, not of a clock that is set', async () => {
    await apply(30);
    expect(await apply(1 / 24)).toBe(30);
    await setDatabaseClock(client, inDays(3));
    expect(await apply(1 / 24)).toBe(30);
    await passTime(client, 23 * hourS);
    expect(await apply(1 / 24)).toBe(30);
    await passTime(client, hourS);
    expect(await apply(1 / 24)).toBe(1 / 24);
  });

  it('waits again if another one is set, and no more if the old one is set', async () => {
    await apply(30);
    await apply(20);
    await passTime(client, 20 * hourS);
    expect(await apply(10)).toBe(30);
    await passTime(client, 20 * hourS);
    expect(await apply(10)).toBe(30);
    expect(await apply(30)).toBe(30);
    await passTime(client, 20 * hourS);
    expect(await apply(10)).toBe(30);
  });

  it('applies at once if its value is confirmed, and only that one', async () => {
    await apply(30);
    await client.query(`SELECT ps_trace.set_trace_retention_period('7 days')`);
    await expect(client.query(`SELECT ps_trace.confirm_trace_retention('3 days')`)).rejects.toThrow(
      'no retention period of 3 days is set',
    );
    await client.query(`SELECT ps_trace.confirm_trace_retention('7 days')`);
    expect(await apply(7)).toBe(7);
    expect(await apply(3)).toBe(7);
  });

  it('is confirmed for one change, not for a later one to the same value', async () => {
    await apply(30);
    await client.query(`SELECT ps_trace.set_trace_retention_period('7 days')`);
    await client.query(`SELECT ps_trace.confirm_trace_retention('7 days')`);
    expect(await apply(7)).toBe(7);
    expect(await apply(30)).toBe(30);
    expect(await apply(7)).toBe(30);
  });
});
