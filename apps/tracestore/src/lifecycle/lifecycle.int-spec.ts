import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passTime, setDatabaseClock } from '@spandrel/testing/database-time';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { countNewCalls, prepareForRuns } from '../aggregate/aggregation-run.js';
import { type DatabaseCapabilities, installTimescale, probeCapabilities } from '../schema/capabilities.js';
import { migrate } from '../schema/migration.js';
import { timedTables } from '../schema/partitions.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import {
  addPartitions,
  cleanDictionaries,
  cleanLedger,
  compress,
  dropExpired,
  packIndexes,
  type LifecycleContext,
} from './steps.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = new Date('2026-03-29T13:30:00Z');
const config: LifecycleConfig = {
  retentionMs: 30 * dayMs,
  ledgerRetentionMs: 30 * dayMs,
  aggregateRetentionMs: 30 * dayMs,
  compressAfterMs: 6 * hourMs,
};

let database: FreshDatabase;
let client: pg.Client;
let capabilities: DatabaseCapabilities;
let clockAt = now;
const extra: pg.Client[] = [];

async function connect(url = database.url): Promise<pg.Client> {
  const connected = new pg.Client(url);
  connected.on('error', () => undefined);
  await connected.connect();
  extra.push(connected);
  return connected;
}

/** Creates the tables, as hypertables if requested and possible. */
async function prepare(timescale: boolean): Promise<void> {
  client = await connect();
  if (timescale) await installTimescale(await connect(database.superuserUrl));
  await migrate(client);
  capabilities = await probeCapabilities(client);
  await client.query(`SET lock_timeout = '1s'`);
  clockAt = now;
  await setDatabaseClock(client, now);
}

/** Advances the observed time to a time of the database's clock. */
async function letPass(until: Date): Promise<void> {
  await passTime(client, (until.getTime() - clockAt.getTime()) / 1000);
  await setDatabaseClock(client, until);
  clockAt = until;
}

beforeEach(async () => {
  database = await createFreshDatabase({ timescale: false });
});

afterEach(async () => {
  await Promise.all(extra.splice(0).map((connected) => connected.end().catch(() => undefined)));
  await database.drop();
});

const context = (over: Partial<LifecycleContext> = {}): LifecycleContext => ({
  client,
  capabilities,
  config,
  ...over,
});
const daysFromNow = (days: number): Date => new Date(now.getTime() + days * dayMs);

/** Adds spans with blocks of their own, as a request does. */
async function insertSpans(times: readonly Date[], name = 1, on: pg.Client = client): Promise<void> {
  await on.query(
    `WITH inserted AS (
       INSERT INTO tracestore.span (trace_id, span_id, start_time, end_time, operation_id, resource_id, scope_id, instance,
         start_nanos, end_nanos, attributes)
       SELECT gen_random_uuid(), $2::int8, t, t, $2::int8, $2::int8, $2::int8, 0, 0, 0, '{}' FROM unnest($1::timestamptz[]) AS t
       RETURNING trace_id, start_time
     )
     INSERT INTO tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
     SELECT start_time, start_time, 0, 1, 0, 0, ARRAY[trace_id], '' FROM inserted`,
    [times, name],
  );
}

async function rowsOf<Row extends pg.QueryResultRow>(
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await client.query<Row>(sql, [...values])).rows;
}

const count = async (table: string): Promise<number> =>
  (await rowsOf<{ n: number }>(`SELECT count(*)::int AS n FROM tracestore.${table}`))[0]?.n ?? 0;

const partitionsOf = async (table: string): Promise<readonly string[]> =>
  (
    await rowsOf<{ name: string }>(
      'SELECT partition::text AS name FROM tracestore.partition WHERE table_name = $1 AND NOT is_default ORDER BY time_range',
      [table],
    )
  ).map(({ name }) => name.replace('tracestore.', ''));

describe('native partitions', () => {
  beforeEach(() => prepare(false));

  it('are created ahead and for the recent past, once, by days of UTC in every time zone', async () => {
    await client.query(`SET timezone = 'America/New_York'`);
    expect(capabilities.storage).toBe('native partitions');
    expect(await addPartitions(context())).toBe(
      `added ${6 * timedTables.length} partitions to ${timedTables.join(', ')}`,
    );
    expect(await partitionsOf('span')).toEqual(
      ['20260327', '20260328', '20260329', '20260330', '20260331', '20260401'].map((day) => `span_${day}_0000`),
    );
    expect(await addPartitions(context())).toBeUndefined();
    // The two tables with aggregates of 10 seconds are kept for two days, in partitions of 6 hours.
    await letPass(daysFromNow(1));
    expect(await addPartitions(context())).toMatch(`added ${timedTables.length + 6} partitions`);
  });

  it('become narrower and wider with the retention, without gaps or overlaps', async () => {
    const retentions = [30 * dayMs, 3 * dayMs, 3 * hourMs, 30 * dayMs];
    for (const [index, retentionMs] of retentions.entries()) {
      const narrow = { ...config, retentionMs, aggregateRetentionMs: retentionMs };
      await letPass(daysFromNow(index * 4));
      await addPartitions(context({ config: narrow }));
    }
    const ranges = await rowsOf<{ overlaps: number }>(
      `SELECT (count(*) FILTER (WHERE range_start < before))::int AS overlaps
       FROM (SELECT lower(time_range) AS range_start, lag(upper(time_range)) OVER (ORDER BY time_range) AS before
             FROM tracestore.partition WHERE table_name = 'span' AND NOT is_default) AS neighbours`,
    );
    expect(ranges[0]?.overlaps).toBe(0);
    await insertSpans([0, 4, 8, 12].map(daysFromNow));
    expect(await count('span_default')).toBe(0);
  });

  it('leave early and late rows to the default partition, where views show them until their retention ends', async () => {
    await addPartitions(context());
    await insertSpans([new Date(0), daysFromNow(-29), daysFromNow(-31), daysFromNow(0), daysFromNow(300)]);
    expect(await count('span_default')).toBe(4);
    expect(await rowsOf('SELECT FROM ps_trace.span')).toHaveLength(5);
    await letPass(daysFromNow(29));
    expect(await dropExpired(context())).not.toMatch('deleted');
    expect(await count('span')).toBe(5);
    await insertSpans([new Date(0)]);
    await letPass(daysFromNow(30.1));
    // Of spans and of blocks.
    expect(await dropExpired(context())).toMatch(/^dropped .*span_20260328_0000.* and deleted 8 rows/);
    expect(await rowsOf('SELECT start_time FROM tracestore.span ORDER BY 1')).toEqual([
      { start_time: new Date(0) },
      { start_time: daysFromNow(0) },
    ]);
    await letPass(daysFromNow(60));
    expect(await dropExpired(context())).toMatch(/^dropped .*span_20260329_0000.* and deleted 2 rows/);
    expect(await count('span')).toBe(0);
    expect(await dropExpired(context())).toBeUndefined();
  });

  it('get rows in their range from the default partition, while writers continue', async () => {
    await client.query('SET lock_timeout = 0');
    const late = daysFromNow(-5);
    await insertSpans(Array.from({ length: 20_000 }, (_, n) => new Date(late.getTime() + n)));
    await insertSpans([daysFromNow(-9)]);
    let written = 0;
    const finished = new AbortController();
    const writers = Array.from({ length: 2 }, async () => {
      const writer = await connect();
      while (!finished.signal.aborted) {
        await insertSpans([late, daysFromNow(0), daysFromNow(-20), daysFromNow(2)], 2, writer);
        written += 4;
      }
    });
    // One more for spans and one for blocks.
    expect(await addPartitions(context())).toMatch(
      new RegExp(`^added ${6 * timedTables.length + 2} partitions to .* and moved \\d{5,} rows into them$`),
    );
    finished.abort();
    await Promise.all(writers);
    expect(await count('span')).toBe(20_001 + written);
    expect(await partitionsOf('span')).toContain('span_20260324_0000');
    // The few rows of other days stay in the default partition.
    const homeless = await rowsOf<{ day: string }>(
      `SELECT DISTINCT to_char(start_time AT TIME ZONE 'UTC', 'MM-DD') AS day FROM tracestore.span_default ORDER BY 1`,
    );
    expect(homeless.map(({ day }) => day)).toEqual(['03-09', '03-20']);
  });

  it('are dropped with their events and links when their whole range is beyond retention', async () => {
    await addPartitions(context());
    await insertSpans([daysFromNow(-2), daysFromNow(0)]);
    await client.query('UPDATE tracestore.call_state SET rolled_5m = $1', [daysFromNow(26)]);
    await letPass(daysFromNow(27));
    expect(await dropExpired(context())).toMatch(/^dropped (tracestore\.(service_)?call_10s_\d+_\d+(, )?)+$/);
    await letPass(new Date('2026-04-27T00:00:00Z'));
    // Their range is beyond retention, but their rows were received within it.
    expect(await dropExpired(context())).toBeUndefined();
    expect(await count('span')).toBe(2);
    await letPass(new Date('2026-04-28T13:31:00Z'));
    expect(await dropExpired(context())).toMatch(
      ['link', 'event', 'span', 'span_block']
        .flatMap((table) => ['27', '28'].map((day) => `tracestore.${table}_202603${day}_0000`))
        .join(', '),
    );
    expect(await count('span')).toBe(1);
  });

  it('get compact indexes once, when they are not written to any more', async () => {
    await addPartitions(context());
    // Of many operations by turns, as senders send them.
    await client.query(
      `INSERT INTO tracestore.span (trace_id, span_id, start_time, end_time, operation_id, resource_id, scope_id, instance,
         start_nanos, end_nanos, attributes)
       SELECT gen_random_uuid(), n, t, t, hashint8(n % 97), 1, 1, 0, 0, 0, '{}'
       FROM generate_series(1, 30000) AS n, LATERAL (SELECT $1::timestamptz + n * interval '1 ms') AS at (t)`,
      [daysFromNow(-1)],
    );
    const sizeOf = async (index: string): Promise<number> =>
      Number((await rowsOf<{ size: string }>('SELECT pg_relation_size($1) AS size', [`tracestore.${index}`]))[0]?.size);
    const [name = ''] = (
      await rowsOf<{ name: string }>(
        `SELECT indexrelid::regclass::text AS name FROM pg_index
         WHERE indrelid = 'tracestore.span_20260328_0000'::regclass AND indexrelid::regclass::text ~ 'operation_id'`,
      )
    ).map((row) => row.name.replace('tracestore.', ''));
    const before = await sizeOf(name);
    // Left by a killed store.
    await client.query(`CREATE INDEX loose_ccnew ON tracestore.span_20260328_0000 (trace_id)`);
    await queryOnce(
      database.superuserUrl,
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tracestore.loose_ccnew'::regclass`,
    );
    expect(await packIndexes(context())).toMatch(/^packed \d+ indexes$/);
    expect(await sizeOf(name)).toBeLessThan(before * 0.8);
    expect(await rowsOf(`SELECT FROM pg_class WHERE relname ~ '_cc(new|old)'`)).toEqual([]);
    expect(await packIndexes(context())).toBeUndefined();
    await letPass(daysFromNow(1));
    expect(await packIndexes(context())).toMatch(/^packed/);
  });

  it('do not wait long: a reader makes a drop fail, and the next run repeats it', async () => {
    await addPartitions(context());
    const reader = await connect();
    await reader.query('BEGIN; SELECT count(*) FROM ps_trace.span');
    await client.query(`SET lock_timeout = '100ms'`);
    await letPass(daysFromNow(60));
    await expect(dropExpired(context())).rejects.toThrow('lock timeout');
    await reader.query('COMMIT');
    expect(await dropExpired(context())).toMatch('span_20260401_0000');
  });

  it('are added once by two stores at the same time', async () => {
    await client.query('SET lock_timeout = 0');
    const other = await connect();
    await Promise.all([addPartitions(context()), addPartitions(context({ client: other }))]);
    expect(await partitionsOf('span')).toHaveLength(6);
  });

  it('are searched by trace id through one index each, and events only in the partition of their span', async () => {
    await addPartitions(context());
    await insertSpans(Array.from({ length: 3000 }, (_, n) => daysFromNow(-2 + n / 1000)));
    await client.query('ANALYZE tracestore.span');
    const plan = await rowsOf<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT span_id FROM ps_trace.span WHERE trace_id = '00112233445566778899aabbccddeeff' AND start_time > '${daysFromNow(-1).toISOString()}'`,
    );
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('span_20260328_0000');
    expect(text).not.toContain('span_20260327_0000');
  });
});

describe('the ledger', () => {
  it('deletes entries older than its retention, in batches', async () => {
    await prepare(false);
    await client.query(
      `INSERT INTO tracestore.ledger (received_at, digest)
       SELECT $1::timestamptz - n * interval '1 minute' + interval '30 seconds', sha256(n::text::bytea) FROM generate_series(1, 12000) AS n`,
      [now],
    );
    await passTime(client, 3 * 86_400);
    const short = { ...config, ledgerRetentionMs: 60 * hourMs };
    expect(await cleanLedger(context({ config: short }))).toBe('forgot 8400 requests');
    expect(await count('ledger')).toBe(3600);
    expect(await cleanLedger(context({ config: short }))).toBeUndefined();
  });
});

describe('the dictionaries', () => {
  const seen = async (id: number, at: Date): Promise<void> => {
    await client.query(
      `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name, last_seen) VALUES ($1, 's', 0, 'n', $2)`,
      [id, at],
    );
  };
  const operations = async (): Promise<readonly number[]> =>
    (await rowsOf<{ id: number }>('SELECT id::int FROM tracestore.operation ORDER BY 1')).map(({ id }) => id);

  beforeEach(() => prepare(false));

  it('delete entries that were not written for longer than all retentions, but not those that early spans refer to', async () => {
    await seen(1, daysFromNow(-33));
    await seen(2, daysFromNow(-33));
    await seen(3, daysFromNow(-31));
    await passTime(client, 3 * 86_400);
    await insertSpans([daysFromNow(200)], 2);
    // The database's clock alone does not make an entry old.
    expect(await cleanDictionaries(context())).toBeUndefined();
    await passTime(client, 33 * 86_400);
    expect(await cleanDictionaries(context())).toBe('forgot 1 of operation');
    expect(await operations()).toEqual([2, 3]);
    await client.query('DELETE FROM tracestore.span; DELETE FROM tracestore.span_block');
    await letPass(daysFromNow(31));
    expect(await cleanDictionaries(context())).toBe('forgot 1 of operation');
    expect(await operations()).toEqual([2]);
  });

  it('keep entries that are written again during the deletion, in either order', async () => {
    await seen(1, daysFromNow(-40));
    await passTime(client, 33 * 86_400);
    const writer = await connect();
    const again = `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name) VALUES (1, 's', 0, 'n') 
      ON CONFLICT (id) DO UPDATE SET last_seen = now() WHERE operation.last_seen NOT BETWEEN now() - interval '1 hour' AND now()`;
    await writer.query(`BEGIN; ${again}`);
    const cleaning = cleanDictionaries(context());
    await writer.query('COMMIT');
    expect(await cleaning).toBeUndefined();
    expect(await operations()).toEqual([1]);

    await client.query(`UPDATE tracestore.operation SET last_seen = '2000-01-01'`);
    await passTime(client, 41 * 86_400);
    const cleaner = await connect();
    await cleaner.query(`BEGIN; SELECT tracestore.forget_entries('operation', 40 * 86400, 10)`);
    const writing = writer.query(again);
    await cleaner.query('COMMIT');
    await writing;
    expect(await operations()).toEqual([1]);
  });
});

describe('a store', () => {
  const roles: string[] = [];
  afterAll(async () => {
    for (const role of roles) await queryOnce(inject('superuserUrl'), `DROP ROLE ${role}`);
  });

  it('maintains its tables as an owner without superuser rights, also beside a second store', async () => {
    const role = `role_${randomBytes(4).toString('hex')}`;
    roles.push(role);
    await queryOnce(database.superuserUrl, `CREATE ROLE ${role} LOGIN PASSWORD 'secret' NOSUPERUSER NOCREATEROLE`);
    await queryOnce(
      database.superuserUrl,
      `DO $$ BEGIN CREATE ROLE ps_trace_reader NOLOGIN;
       EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
    for (const schema of ['tracestore', 'ps_trace', '_ps_trace'])
      await queryOnce(database.superuserUrl, `CREATE SCHEMA ${schema} AUTHORIZATION ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'secret';
    const stores = await Promise.all([1, 2].map(() => startTracestore(url.href)));
    // Of 2023
    await sendGrpc(stores[0]?.grpcAddress ?? '', encodeProtobuf(requestOf([goodSpan()])));
    client = await connect(url.href);
    expect(await count('span')).toBe(1);
    await client.query(`INSERT INTO tracestore.ledger VALUES ('2020-01-01', 'x')`);
    await Promise.all(stores.map((store) => store.stop()));
    await passTime(client, 31 * 86_400);
    // The next start drops rows beyond the retention, which is shorter than before.
    const next = await startTracestore(url.href, { lifecycle: config });
    await client.query(`SELECT ps_trace.confirm_trace_retention('30 days')`);
    await expect.poll(() => count('span'), { timeout: 30_000 }).toBe(0);
    await expect
      .poll(async () => rowsOf(`SELECT FROM tracestore.ledger WHERE received_at < '2021-01-01'`), { timeout: 10_000 })
      .toEqual([]);
    await next.stop();
  });
});

describe('hypertables', () => {
  let hasTimescale = false;

  beforeAll(async () => {
    const fresh = await createFreshDatabase({ timescale: false });
    const probing = new pg.Client(fresh.superuserUrl);
    await probing.connect();
    hasTimescale = (await installTimescale(probing)) === undefined;
    await probing.end();
    await fresh.drop();
  });

  it('accept early and late spans, drop whole chunks, and compress old ones (needs TimescaleDB)', async ({ skip }) => {
    if (!hasTimescale) skip('this server has no TimescaleDB');
    await prepare(true);
    expect(capabilities).toMatchObject({
      storage: 'hypertables',
      timescale: { license: 'timescale' },
      compression: true,
    });
    expect(await addPartitions(context())).toBeUndefined();
    await insertSpans([new Date(0), daysFromNow(-31.6), daysFromNow(-3), daysFromNow(0), daysFromNow(300)]);
    expect(await rowsOf('SELECT FROM ps_trace.span')).toHaveLength(5);
    // Received just now, no matter what their time is.
    expect(await dropExpired(context())).toBeUndefined();
    // Compression waits for the aggregation.
    expect(await compress(context())).toBeUndefined();
    await prepareForRuns(client);
    await countNewCalls(client, 100);
    expect(await compress(context())).toMatch(/^compressed _timescaledb_internal\._hyper_1_\w+, /);
    expect(await compress(context())).toBeUndefined();
    // Late rows of a compressed chunk are visible, and compressed later.
    await insertSpans([daysFromNow(-3)]);
    expect(await rowsOf('SELECT FROM ps_trace.span')).toHaveLength(6);
    await countNewCalls(client, 100);
    expect(await compress(context())).toMatch('compressed');
    expect(await rowsOf('SELECT FROM ps_trace.span')).toHaveLength(6);
    await letPass(daysFromNow(20));
    await insertSpans([daysFromNow(-3)]);
    await letPass(daysFromNow(30.5));
    // The chunk of the last one was written to ten days ago.
    expect(await dropExpired(context())).toMatch(/^dropped .*chunk, .*chunk$/);
    expect(await count('span')).toBe(3);
    await letPass(daysFromNow(50.5));
    expect(await dropExpired(context())).toMatch(/^dropped .*chunk/);
    expect(await count('span')).toBe(0);
  });
});
