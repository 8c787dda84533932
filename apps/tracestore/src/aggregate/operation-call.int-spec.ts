import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type BruteSpan, classOf, relate, serviceOf } from '@spandrel/testing/call-aggregates';
import { insertSpans } from '@spandrel/testing/insert-spans';
import { randomSpans, SeededChance } from '@spandrel/testing/random-spans';
import { migrate } from '../schema/migration.js';
import { countNewCalls, prepareForRuns } from './aggregation-run.js';
import { durationBucket } from './duration-bucket.js';

const hourMs = 3_600_000;
const rangeMs = 8 * hourMs;
const firstMs = Date.now() - rangeMs;

let database: FreshDatabase;
let client: pg.Client;
let spans: readonly BruteSpan[];

beforeAll(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await migrate(client);
  await prepareForRuns(client);
  spans = randomSpans(new SeededChance(21), {
    traces: 400,
    startNs: BigInt(firstMs) * 1_000_000n,
    rangeNs: BigInt(rangeMs) * 1_000_000n,
  });
  await client.query(
    `UPDATE tracestore.call_state SET rolled_5m = date_bin('1 hour', $1, 'epoch'), rolled_1h = date_bin('1 hour', $1, 'epoch'),
       transaction_id = pg_current_xact_id()`,
    [new Date(firstMs)],
  );
  const operations = [...new Set(spans.map(({ operationId }) => operationId))];
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT id, service_name, 2, 'operation ' || id FROM unnest($1::int8[], $2::text[]) AS o (id, service_name)`,
    [operations, operations.map(serviceOf)],
  );
  // Half of them arrive after most of the range is added up to longer intervals.
  await insertSpans(
    client,
    spans.filter((_, index) => index % 2 === 0),
  );
  for (let run = 0; run < 10; run++) await countNewCalls(client, 1_000_000);
  await insertSpans(
    client,
    spans.filter((_, index) => index % 2 === 1),
  );
  for (let run = 0; run < 3; run++) await countNewCalls(client, 1_000_000);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const floor = (ms: number, widthMs: number): number => ms - (ms % widthMs);
const msOf = (ns: bigint): number => Number(ns / 1_000_000n);

const chance = new SeededChance(22);
const ranges = Array.from({ length: 12 }, () => {
  const from = firstMs + chance.below(rangeMs);
  return { from, to: from + chance.below(firstMs + rangeMs + hourMs - from) };
});
const steps = [null, '10 seconds', '1 minute', '5 minutes', '15 minutes', '1 hour', '2 hours'];

describe('ps_trace.operation_call', () => {
  it.each(steps)('has the calls of the spans of any range, in steps of %s', async (step) => {
    const { rows: widths } = await client.query<{ ms: number | null }>(
      'SELECT (extract(epoch FROM $1::interval) * 1000)::float8 AS ms',
      [step],
    );
    const stepMs = widths[0]?.ms ?? undefined;
    const related = relate(spans);
    for (const { from, to } of ranges) {
      const start = floor(from, 10_000);
      const end = floor(to + 9_999, 10_000);
      const expected = new Map<string, number[]>();
      for (const { span, parent, selfNs } of related) {
        const at = msOf(span.startNs);
        if (at < start || at >= end) continue;
        const bucket = stepMs === undefined ? from : floor(at, stepMs);
        const key = [
          new Date(bucket).toISOString(),
          parent === undefined ? null : `operation ${parent.operationId}`,
          `operation ${span.operationId}`,
          span.parentSpanId === undefined,
        ].join(' ');
        const aggregate = expected.get(key) ?? [0, 0, 0, 0];
        const durationNs = span.endNs > span.startNs ? span.endNs - span.startNs : 0n;
        expected.set(key, [
          (aggregate[0] ?? 0) + 1,
          (aggregate[1] ?? 0) + (span.isError ? 1 : 0),
          (aggregate[2] ?? 0) + Number(durationNs),
          (aggregate[3] ?? 0) + Number(selfNs),
        ]);
      }
      const { rows } = await client.query<{ key: string; aggregate: number[] }>(
        `SELECT to_char(time_bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || coalesce(parent_span_name, '') || ' '
           || span_name || ' ' || is_root AS key,
           ARRAY[sum(calls), sum(errors), sum(duration_ns_sum), sum(self_ns_sum)]::float8[] AS aggregate
         FROM ps_trace.operation_call($1, $2, $3)
         GROUP BY 1 HAVING sum(calls) <> 0`,
        [new Date(from), new Date(to), step],
      );
      expect(new Map(rows.map(({ key, aggregate }) => [key, aggregate]))).toEqual(expected);
    }
  });

  it('has percentiles of durations and self times that are at most 4.5 % off', async () => {
    const { rows } = await client.query<{ span_name: string; what: string; p: number; ms: number }>(
      `SELECT span_name, what, p, ps_trace.bucket_percentile(p, array_agg(class), array_agg(n)) AS ms
       FROM (
         SELECT span_name, 'duration' AS what, unnest(duration_bucket) AS class, unnest(duration_calls)::int8 AS n
         FROM ps_trace.operation_call($1, $2, NULL)
         UNION ALL
         SELECT span_name, 'self', unnest(self_bucket), unnest(self_calls) FROM ps_trace.operation_call($1, $2, NULL)
       ) AS entry
       CROSS JOIN unnest(ARRAY[0, 0.1, 0.5, 0.9, 0.99, 1]::float8[]) AS p
       GROUP BY span_name, what, p`,
      [new Date(firstMs - hourMs), new Date(firstMs + rangeMs + 4 * hourMs)],
    );
    expect(rows).toHaveLength(12 * 2 * 6);
    const related = Map.groupBy(relate(spans), ({ span }) => `operation ${span.operationId}`);
    for (const { span_name: name, what, p, ms } of rows) {
      const values = (related.get(name) ?? [])
        .map(({ span, selfNs }) => Number(what === 'self' ? selfNs : span.endNs - span.startNs) / 1e6)
        .map((value) => Math.max(0, value))
        .toSorted((a, b) => a - b);
      const exact = values[Math.max(0, Math.ceil(p * values.length) - 1)] ?? Number.NaN;
      expect(Math.abs(ms - exact), `${what} ${p} of ${name}: ${ms}, not ${exact}`).toBeLessThanOrEqual(exact * 0.045);
    }
  });

  it('is inlined by the planner: only the requested intervals are read', async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT sum(calls) FROM ps_trace.operation_call(now() - interval '1 day', now(), NULL) WHERE service_name = 'x'`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toContain('Function Scan');
    expect(plan).toMatch(/Index Cond: .*time_bucket >=/);
  });

  it('has no negative self time', async () => {
    const { rows } = await client.query(
      `SELECT FROM ps_trace.operation_call($1, $2, '10 seconds')
       GROUP BY time_bucket, span_name, parent_span_name, is_root HAVING sum(self_ns_sum) < 0 OR sum(calls) < 0`,
      [new Date(firstMs), new Date(firstMs + rangeMs)],
    );
    expect(rows).toEqual([]);
  });
});

describe('ps_trace.operation_call_total', () => {
  it('has for any range what operation_call has in one interval', async () => {
    const columns =
      'parent_service_name, parent_span_name, parent_span_kind, service_name, span_name, span_kind, is_root';
    let pairs = 0;
    for (const { from, to } of ranges) {
      const range = [new Date(from), new Date(to)];
      const { rows } = await client.query(
        `SELECT ${columns}, calls, errors, duration_ns_sum, self_ns_sum FROM ps_trace.operation_call_total($1, $2)
         ORDER BY ${columns}`,
        range,
      );
      const { rows: expected } = await client.query(
        `SELECT ${columns}, sum(calls)::int8 AS calls, sum(errors)::int8 AS errors, sum(duration_ns_sum) AS duration_ns_sum,
           sum(self_ns_sum) AS self_ns_sum
         FROM ps_trace.operation_call($1, $2, NULL) GROUP BY ${columns} HAVING sum(calls) > 0 ORDER BY ${columns}`,
        range,
      );
      expect(rows).toEqual(expected);
      pairs += rows.length;
    }
    expect(pairs).toBeGreaterThan(0);
  });
});

describe('ps_trace.service_call', () => {
  it('counts calls between services', async () => {
    const expected = new Map<string, number>();
    for (const { span, parent } of relate(spans)) {
      if (parent === undefined || serviceOf(parent.operationId) === serviceOf(span.operationId)) continue;
      const key = `${serviceOf(parent.operationId)} ${serviceOf(span.operationId)}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const { rows } = await client.query<{ key: string; calls: number }>(
      `SELECT parent_service_name || ' ' || service_name AS key, sum(calls)::int AS calls FROM ps_trace.service_call($1, $2, NULL)
       WHERE parent_service_name <> service_name GROUP BY 1`,
      [new Date(firstMs - hourMs), new Date(firstMs + rangeMs + 4 * hourMs)],
    );
    expect(new Map(rows.map(({ key, calls }) => [key, calls]))).toEqual(expected);
  });

  it.each(steps)(
    'says of any range what operation_call says of all operations of a service, in steps of %s',
    async (step) => {
      for (const { from, to } of ranges) {
        const read = async (source: string): Promise<readonly unknown[]> => {
          const { rows } = await client.query(
            `WITH aggregate AS (SELECT *, concat_ws(' ', time_bucket, parent_service_name, '→', service_name, is_root) AS who FROM ps_trace.${source}($1, $2, $3))
           SELECT who, 'calls' AS what, NULL::int2 AS class, sum(calls)::float8 AS n FROM aggregate GROUP BY who HAVING sum(calls) <> 0
           UNION ALL SELECT who, 'errors', NULL, sum(errors)::float8 FROM aggregate GROUP BY who HAVING sum(errors) <> 0
           UNION ALL SELECT who, 'duration', NULL, sum(duration_ns_sum) FROM aggregate GROUP BY who HAVING sum(duration_ns_sum) <> 0
           UNION ALL SELECT who, 'self', NULL, sum(self_ns_sum) FROM aggregate GROUP BY who HAVING sum(self_ns_sum) <> 0
           UNION ALL SELECT who, 'durations', class, sum(n)::float8
             FROM (SELECT who, unnest(duration_bucket) AS class, unnest(duration_calls) AS n FROM aggregate) AS entry
             GROUP BY who, class HAVING sum(n) <> 0
           UNION ALL SELECT who, 'selves', class, sum(n)::float8
             FROM (SELECT who, unnest(self_bucket) AS class, unnest(self_calls) AS n FROM aggregate) AS entry
             GROUP BY who, class HAVING sum(n) <> 0
           ORDER BY who, what, class`,
            [new Date(from), new Date(to), step],
          );
          return rows;
        };
        expect(await read('service_call')).toEqual(await read('operation_call'));
      }
    },
  );
});

describe('the buckets of durations', () => {
  it('have the documented bounds up to hours', () => {
    for (const exponent of Array.from({ length: 45 }, (_, n) => BigInt(n))) {
      for (const ns of [2n ** exponent - 1n, 2n ** exponent, 2n ** exponent + 1n, 3n ** (exponent / 2n)]) {
        expect(durationBucket(Number(ns)), String(ns)).toBe(classOf(ns));
      }
    }
  });

  it('can be read by the reader role', async () => {
    await client.query('BEGIN; SET LOCAL ROLE ps_trace_reader');
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM ps_trace.operation_call(now() - interval '1 day', now(), NULL)) > 0 AS calls,
         (SELECT count(*) FROM ps_trace.service_call(now() - interval '1 day', now(), '5 minutes')) > 0 AS services,
         (SELECT counted_at FROM ps_trace.call_progress) > now() - interval '10 minutes' AS progress,
         round(ps_trace.bucket_ms(160)::numeric, 3)::float8 AS ms`,
    );
    await client.query('ROLLBACK');
    expect(rows).toEqual([{ calls: true, services: true, progress: true, ms: 1.004 }]);
  });
});
