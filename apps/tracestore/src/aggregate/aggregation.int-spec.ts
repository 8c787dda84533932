import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { addPartitions, compress } from '../lifecycle/steps.js';
import { installTimescale, probeCapabilities } from '../schema/capabilities.js';
import { migrate } from '../schema/migration.js';
import { type BruteSpan, bruteForceAggregates, readAggregates, serviceOf } from '@spandrel/testing/call-aggregates';
import { insertSpans } from '@spandrel/testing/insert-spans';
import { randomSpans, SeededChance } from '@spandrel/testing/random-spans';
import { countNewCalls, prepareForRuns, recountSlice, rollLateCalls } from './aggregation-run.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let database: FreshDatabase;
let client: pg.Client;
const extra: pg.Client[] = [];

async function connect(url = database.url): Promise<pg.Client> {
  const connected = new pg.Client(url);
  connected.on('error', () => undefined);
  await connected.connect();
  extra.push(connected);
  return connected;
}

async function connectForPasses(): Promise<pg.Client> {
  const connected = await connect();
  await prepareForRuns(connected);
  return connected;
}

async function prepare(timescale = false): Promise<void> {
  const migrating = await connect();
  if (timescale) await installTimescale(await connect(database.superuserUrl));
  await migrate(migrating);
  client = await connectForPasses();
}

beforeEach(async () => {
  database = await createFreshDatabase({ timescale: false });
});

afterEach(async () => {
  await Promise.all(extra.splice(0).map((connected) => connected.end().catch(() => undefined)));
  await database.drop();
});

async function insert(spans: readonly BruteSpan[], on: pg.Client = client): Promise<void> {
  const operations = [...new Set(spans.map(({ operationId }) => operationId))];
  // The statements that count the spans see these first, and they are never rolled back with the spans.
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT id, service_name, 2, 'operation ' || id FROM unnest($1::int8[], $2::text[]) AS o (id, service_name)
     ON CONFLICT DO NOTHING`,
    [operations, operations.map(serviceOf)],
  );
  await insertSpans(on, spans);
}

/** Runs the aggregation until all spans are counted. */
async function countAll(mostSpans = 1_000_000, on: pg.Client = client): Promise<void> {
  for (let run = 0; run < 1000; run++) {
    if ((await countNewCalls(on, mostSpans)).isLast) return;
  }
  throw new Error('The runs do not end');
}

/** Moves the boundaries back, so that the runs have something to add up to longer intervals. */
async function setRolled(at: Date): Promise<void> {
  await client.query(
    `UPDATE tracestore.call_state SET rolled_5m = date_bin('1 hour', $1, 'epoch'), rolled_1h = date_bin('1 hour', $1, 'epoch'),
       transaction_id = pg_current_xact_id()`,
    [at],
  );
}

/** Simulates that the last late span arrived long ago. */
async function rollAllLate(): Promise<number> {
  await client.query("UPDATE tracestore.late_call SET added_at = now() - interval '1 hour'");
  let count = 0;
  while (await rollLateCalls(client)) count += 1;
  return count;
}

async function countRows(table: string): Promise<{ readonly rows: number; readonly distinct: number }> {
  const { rows: levels } = await client.query<{ keys: string }>(
    "SELECT array_to_string(keys, ', ') AS keys FROM tracestore.call_level WHERE name = $1",
    [table],
  );
  const { rows } = await client.query<{ rows: number; distinct: number }>(
    `SELECT count(*)::int4 AS rows, count(DISTINCT (time_bucket, ${levels[0]?.keys}))::int4 AS distinct
     FROM tracestore.${table}`,
  );
  return rows[0] ?? { rows: 0, distinct: 0 };
}

async function expectAggregates(spans: readonly BruteSpan[]): Promise<void> {
  const { rows } = await client.query<{ rolled_5m: Date; rolled_1h: Date }>(
    'SELECT rolled_5m, rolled_1h FROM tracestore.call_state',
  );
  const state = rows[0];
  if (state === undefined) throw new Error('no state');
  for (const [width, widthSeconds, until] of [
    ['10s', 10, undefined],
    ['5m', 300, state.rolled_5m],
    ['1h', 3600, state.rolled_1h],
  ] as const) {
    for (const [table, aggregatesOf] of [
      [`call_${width}`, 'operation'],
      [`service_call_${width}`, 'service'],
    ] as const) {
      const expected = bruteForceAggregates(spans, aggregatesOf, widthSeconds, until);
      expect(await readAggregates(client, aggregatesOf, table), table).toEqual(expected);
    }
  }
}

const hoursAgo = (hours: number): bigint => BigInt(Date.now() - hours * hourMs) * 1_000_000n;

const traceId = '00000000-0000-0000-0000-000000000001';
function span(
  id: number,
  parent: number | undefined,
  fromMs: number,
  toMs: number,
  over: Partial<BruteSpan> = {},
): BruteSpan {
  const base = hoursAgo(0.5);
  return {
    traceId,
    spanId: BigInt(id),
    parentSpanId: parent === undefined ? undefined : BigInt(parent),
    startNs: base - (base % 10_000_000_000n) + BigInt(fromMs) * 1_000_000n,
    endNs: base - (base % 10_000_000_000n) + BigInt(toMs) * 1_000_000n,
    operationId: BigInt(id) + 100n,
    instance: 0,
    isError: false,
    ...over,
  };
}

describe('the aggregates of calls', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'are those of all spans whatever the order and the passes in which they come (seed %i)',
    async (seed) => {
      await prepare();
      const chance = new SeededChance(seed);
      await setRolled(new Date(Date.now() - 5 * hourMs));
      const spans = randomSpans(chance, { traces: 60, startNs: hoursAgo(4), rangeNs: 4n * 3_600_000_000_000n });
      const waiting = chance.shuffle(spans);
      const stored: BruteSpan[] = [];
      const open: { readonly client: pg.Client; readonly spans: readonly BruteSpan[] }[] = [];
      while (waiting.length > 0 || open.length > 0) {
        const batch = waiting.splice(0, chance.below(120));
        switch (chance.below(5)) {
          case 0: {
            // A slow transaction that commits after later ones.
            const slow = await connect();
            await slow.query('BEGIN');
            await insert(batch, slow);
            open.push({ client: slow, spans: batch });
            break;
          }
          case 1: {
            const failing = await connect();
            await failing.query('BEGIN');
            await insert(batch, failing);
            await failing.query('ROLLBACK');
            waiting.push(...batch);
            break;
          }
          default:
            await insert(batch);
            stored.push(...batch);
        }
        if (open.length > 2 || waiting.length === 0) {
          const [slow] = open.splice(chance.below(open.length), 1);
          await slow?.client.query('COMMIT');
          stored.push(...(slow?.spans ?? []));
        }
        if (chance.below(2) === 0) {
          await countAll(chance.below(2) === 0 ? 1 + chance.below(200) : undefined);
          if (chance.below(3) === 0) await rollAllLate();
          await expectAggregates(stored);
        }
      }
      await countAll();
      expect(stored).toHaveLength(spans.length);
      await expectAggregates(spans);
      await rollAllLate();
      await expectAggregates(spans);
      for (const table of ['call_5m', 'call_1h', 'service_call_5m', 'service_call_1h']) {
        const { rows, distinct } = await countRows(table);
        expect(rows, table).toBe(distinct);
      }
    },
  );

  it('are added up again for late spans, when no more arrive or after many of them', async () => {
    await prepare();
    await setRolled(new Date(Date.now() - 5 * hourMs));
    const chance = new SeededChance(11);
    const spans = randomSpans(chance, { traces: 40, startNs: hoursAgo(4), rangeNs: 60_000_000_000n });
    await countAll();
    const [first, second] = [spans.slice(0, 150), spans.slice(150)];
    for (const batch of [first, second]) {
      await insert(batch);
      await countAll();
    }
    expect(await rollLateCalls(client)).toBe(false);
    const before = await countRows('call_5m');
    expect(before.rows).toBeGreaterThan(before.distinct);
    expect(await rollAllLate()).toBeGreaterThan(0);
    expect(await countRows('call_5m')).toEqual({ rows: before.distinct, distinct: before.distinct });
    await expectAggregates(spans);
    await client.query(
      `INSERT INTO tracestore.late_call (table_name, time_bucket)
       SELECT 'call_5m', (SELECT min(time_bucket) FROM tracestore.call_5m) FROM generate_series(1, 32)`,
    );
    expect(await rollLateCalls(client)).toBe(true);
    expect(await rollLateCalls(client)).toBe(false);
  });

  it('change with a child that arrives long after its parent, and with a parent after its child', async () => {
    await prepare();
    const parent = span(1, undefined, 0, 100);
    const child = span(2, 1, 20, 60, { isError: true });
    const grandchild = span(3, 2, 30, 80);
    await insert([parent]);
    await countAll();
    await insert([grandchild]);
    await countAll();
    await expectAggregates([parent, grandchild]);
    await insert([child]);
    await countAll();
    await expectAggregates([parent, child, grandchild]);
    const { rows } = await client.query(
      `SELECT operation_id::int AS operation, parent_operation_id::int AS parent, sum(calls)::int AS calls,
         sum(errors)::int AS errors, sum(self_ns_sum)::float8 / 1e6 AS self_ms
       FROM tracestore.call_10s GROUP BY 1, 2 HAVING sum(calls) <> 0 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { operation: 101, parent: 0, calls: 1, errors: 0, self_ms: 60 },
      { operation: 102, parent: 101, calls: 1, errors: 1, self_ms: 10 },
      { operation: 103, parent: 102, calls: 1, errors: 0, self_ms: 50 },
    ]);
  });

  it.each([
    ['internal', 1, false],
    ['server', 2, true],
    ['client', 3, false],
    ['producer', 4, false],
    ['consumer', 5, true],
  ] as const)(
    'count a span of kind %s whose parent is not stored as a call from outside only if its parent is elsewhere',
    async (_, kind, isFromOutside) => {
      await prepare();
      const startNs = hoursAgo(1);
      const base = { traceId: 'c'.repeat(32), startNs, endNs: startNs + 1_000_000n, instance: 0, isError: false };
      const root = { ...base, spanId: 1n, parentSpanId: undefined, operationId: 3n };
      const child = { ...base, spanId: 2n, parentSpanId: 1n, operationId: 6n };
      await client.query(
        `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
         VALUES (3, 'service 0', 2, 'operation 3'), (6, 'service 0', $1, 'operation 6')`,
        [kind],
      );
      const entriesOf = async (source: string): Promise<number> => {
        const { rows } = await client.query<{ calls: number }>(
          `SELECT coalesce(sum(calls), 0)::int AS calls FROM ps_trace.${source}
           WHERE parent_service_name IS DISTINCT FROM service_name`,
        );
        return rows[0]?.calls ?? 0;
      };
      const sources = [
        'call_10s',
        'service_call_10s',
        `operation_call_total(now() - interval '1 day', now())`,
        `service_call(now() - interval '1 day', now(), NULL)`,
      ];
      await insert([child]);
      await countAll();
      for (const source of sources) expect(await entriesOf(source), source).toBe(isFromOutside ? 1 : 0);
      const compared = `SELECT coalesce(sum(calls_now), 0)::int AS calls FROM ps_trace.requests_compared(
        now() - interval '3 hours', now() - interval '2 hours', now() - interval '2 hours', now())`;
      expect((await client.query(compared)).rows).toEqual([{ calls: isFromOutside ? 1 : 0 }]);
      // The request ends: its root is stored and counted, and the child was called within its service in any case.
      await insert([root]);
      await countAll();
      for (const source of sources) expect(await entriesOf(source), source).toBe(1);
      expect((await client.query(compared)).rows).toEqual([{ calls: 1 }]);
    },
  );

  it('are right for spans that are their own ancestors, share an id, or have no stored parent', async () => {
    await prepare();
    const spans = [
      span(1, 1, 0, 10),
      span(2, 3, 0, 10),
      span(3, 2, 5, 20),
      span(4, 99, 0, 10),
      span(5, undefined, 0, 50, { instance: 2, operationId: 1n }),
      span(5, undefined, 0, 40, { instance: 1, operationId: 2n }),
      span(6, 5, 10, 20),
      span(7, 5, 60, 50),
    ];
    for (const one of spans) {
      await insert([one]);
      await countAll();
    }
    await expectAggregates(spans);
  });

  it(
    'have a trace of 100,000 spans, and of an oversized one the spans that arrive together',
    { timeout: 120_000 },
    async () => {
      await prepare();
      const long = Array.from({ length: 100_000 }, (_, n) =>
        span(n + 1, n === 0 ? undefined : Math.floor((n + 1) / 2), n % 1000, (n % 1000) + 100, {
          operationId: BigInt((n % 50) + 1),
        }),
      );
      for (let from = 0; from < long.length; from += 25_000) await insert(long.slice(from, from + 25_000));
      await countAll();
      await expectAggregates(long);
      const more = [span(200_001, 200_002, 0, 10), span(200_002, 1, 0, 100)];
      await insert(more);
      await countAll();
      const { rows } = await client.query(
        `SELECT operation_id::int AS operation, parent_operation_id::int AS parent, calls::int, self_ns_sum / 1e6 AS self_ms
       FROM tracestore.call_10s WHERE operation_id IN (200101, 200102) ORDER BY 1`,
      );
      expect(rows).toEqual([
        { operation: 200_101, parent: 200_102, calls: 1, self_ms: 10 },
        { operation: 200_102, parent: -1, calls: 1, self_ms: 90 },
      ]);
    },
  );
});

describe('an aggregation run', () => {
  it('leaves nothing when its connection ends, and the next one counts', async () => {
    await prepare();
    const spans = randomSpans(new SeededChance(7), { traces: 20, startNs: hoursAgo(1), rangeNs: 1_000_000_000n });
    await insert(spans.slice(0, 50));
    await countAll();
    await insert(spans.slice(50));
    const blocker = await connect();
    await blocker.query('BEGIN; LOCK TABLE tracestore.call_10s IN SHARE MODE');
    const dying = await connectForPasses();
    const pid = (await dying.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    const outcome = countNewCalls(dying, 1_000_000).catch((error: unknown) => error);
    await expect
      .poll(async () => (await client.query('SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', [pid])).rows)
      .toHaveLength(1);
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await outcome).toBeInstanceOf(Error);
    await blocker.query('ROLLBACK');
    await expectAggregates(spans.slice(0, 50));
    await countAll();
    await expectAggregates(spans);
  });

  it('counts nothing twice beside another one, even without the store lock', async () => {
    await prepare();
    const other = await connectForPasses();
    const spans = randomSpans(new SeededChance(8), { traces: 60, startNs: hoursAgo(1), rangeNs: 60_000_000_000n });
    for (let from = 0; from < spans.length; from += 100) {
      await insert(spans.slice(from, from + 100));
      await Promise.allSettled([countNewCalls(client, 1_000_000), countNewCalls(other, 1_000_000)]);
    }
    await countAll();
    await expectAggregates(spans);
  });

  it('counts at most the given number of spans and the rest of a transaction', async () => {
    await prepare();
    const spans = randomSpans(new SeededChance(9), { traces: 30, startNs: hoursAgo(1), rangeNs: 60_000_000_000n });
    for (let from = 0; from < spans.length; from += 10) await insert(spans.slice(from, from + 10));
    const counts: number[] = [];
    for (let isLast = false; !isLast;) {
      const run = await countNewCalls(client, 25);
      counts.push(run.spanCount);
      ({ isLast } = run);
    }
    expect(Math.max(...counts)).toBe(30);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(spans.length);
    await expectAggregates(spans);
  });
});

describe('aggregates', () => {
  it('are computed again from the spans after a loss, while others arrive', async () => {
    await prepare();
    await setRolled(new Date(Date.now() - 6 * hourMs));
    const spans = randomSpans(new SeededChance(10), {
      traces: 80,
      startNs: hoursAgo(5),
      rangeNs: 5n * 3_600_000_000_000n,
    });
    const late = spans.splice(0, 100);
    await insert(spans);
    for (let run = 0; run < 10; run++) await countAll();
    await client.query('DELETE FROM tracestore.call_10s; DELETE FROM tracestore.call_1h');
    await client.query(`SELECT tracestore.recount_calls(now() - interval '9 hours', now() + interval '4 hours')`);
    await insert(late);
    await countAll();
    for (let slice: Date | undefined = new Date(); slice !== undefined;) slice = await recountSlice(client);
    await expectAggregates([...spans, ...late]);
  });

  it('are computed again in a database that was restored from a dump', async () => {
    await prepare();
    const chance = new SeededChance(11);
    const oneMinute = { traces: 20, rangeNs: 60_000_000_000n };
    const spans = [48, 1].flatMap((hours) => randomSpans(chance, { ...oneMinute, startNs: hoursAgo(hours) }));
    await insert(spans);
    await countAll();
    // As in a restored dump: the values are those of another server, but this server has written the rows.
    await client.query(
      `UPDATE tracestore.call_state SET snapshot = '900000000:900000000:'; UPDATE tracestore.span_block SET transaction_id = 5`,
    );
    const { isLast, restoredSlices } = await countNewCalls(client, 1_000);
    expect(isLast).toBe(false);
    // Two days have 576 slices, almost all without spans.
    expect(restoredSlices).toBeGreaterThanOrEqual(2);
    expect(restoredSlices).toBeLessThan(50);
    for (let slice: Date | undefined = new Date(); slice !== undefined;) slice = await recountSlice(client);
    await countAll();
    await expectAggregates(spans);
  });

  it('stay right when spans move to a partition of their own', async () => {
    await prepare();
    const chance = new SeededChance(12);
    const spans = randomSpans(chance, { traces: 600, startNs: hoursAgo(24 * 9), rangeNs: 3_600_000_000_000n });
    const first = spans.splice(0, spans.length / 3);
    const second = spans.splice(0, spans.length / 2);
    await insert(first);
    await countAll();
    await insert(second);
    // Enough for a partition of their own.
    const others = randomSpans(chance, { traces: 1500, startNs: hoursAgo(24 * 9), rangeNs: 3_600_000_000_000n });
    await insert(others);
    const lifecycle = {
      retentionMs: 30 * dayMs,
      ledgerRetentionMs: dayMs,
      aggregateRetentionMs: 30 * dayMs,
      compressAfterMs: hourMs,
    };
    const done = await addPartitions({
      client,
      capabilities: await probeCapabilities(client),
      config: lifecycle,
    });
    expect(done).toMatch(/moved \d{5,} rows/);
    await insert(spans);
    await countAll();
    await expectAggregates([...first, ...second, ...others, ...spans]);
    expect((await client.query('SELECT FROM tracestore.span_move')).rows).toEqual([]);
    expect((await client.query('SELECT FROM tracestore.moved_span')).rows).toEqual([]);
  });

  it('stay right when spans are compressed, which waits until they are counted (needs TimescaleDB)', async ({
    skip,
  }) => {
    await prepare(true);
    const capabilities = await probeCapabilities(client);
    if (!capabilities.compression) skip('this server has no TimescaleDB');
    const lifecycle = {
      retentionMs: 30 * dayMs,
      ledgerRetentionMs: dayMs,
      aggregateRetentionMs: 30 * dayMs,
      compressAfterMs: hourMs,
    };
    const context = { client, capabilities, config: lifecycle };
    const spans = randomSpans(new SeededChance(13), {
      traces: 80,
      startNs: hoursAgo(24 * 5),
      rangeNs: 3_600_000_000_000n,
    });
    const batches = [0, 1, 2, 3].map((batch) => spans.filter((_, index) => index % 4 === batch));
    const stored: BruteSpan[] = [];
    for (const batch of batches) {
      await insert(batch);
      stored.push(...batch);
      expect((await compress(context)) ?? '').not.toMatch(/_hyper_1_/);
      await countAll();
      await expectAggregates(stored);
      expect(await compress(context)).toMatch(/_hyper_/);
      await rollAllLate();
      await expectAggregates(stored);
    }
    await insert([]);
    await countAll();
    await expectAggregates(stored);
  });
});
