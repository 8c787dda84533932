import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { callTables } from './aggregate/call-aggregates.js';
import { mostSpansOfTrace } from './aggregate/aggregation-run.js';
import { durationBucket } from './aggregate/duration-bucket.js';
import { callReachNs } from './aggregate/trace-calls.js';
import { spanFlags } from './aggregate/trace-spans.js';
import { spanKinds } from './query/span-enums.js';
import { finestAggregatesMs, timedTables } from './schema/partitions.js';
import { migrate } from './schema/migration.js';

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  await migrate(client);
  await client.end();
});

afterAll(() => database.drop());

const only = async <Row>(sql: string): Promise<Row | undefined> =>
  (await queryOnce(database.url, sql))[0] as Row | undefined;

describe('what TypeScript and SQL both state is equal', () => {
  it('the reach of a call, the limit of an oversized trace, and the time that aggregates of 10 seconds are kept', async () => {
    expect(
      await only(
        `SELECT extract(epoch FROM tracestore.call_reach())::float8 * 1e9 AS "callReachNs",
           tracestore.most_spans_of_trace() AS "mostSpansOfTrace",
           extract(epoch FROM tracestore.finest_aggregates_kept())::float8 * 1000 AS "finestAggregatesMs"`,
      ),
    ).toEqual({ callReachNs, mostSpansOfTrace, finestAggregatesMs });
  });

  it('the tables of aggregates, their keys and the width of their buckets', async () => {
    const levels = await queryOnce<{ name: string; rowsOf: string; widthSeconds: number }>(
      database.url,
      `SELECT name, split_part(keys[1], '_', 1) AS "rowsOf", extract(epoch FROM width)::float8 AS "widthSeconds"
       FROM tracestore.call_level`,
    );
    expect(levels).toEqual(
      callTables.map(({ copy, rowsOf, widthSeconds }) => ({ name: copy.name, rowsOf, widthSeconds })),
    );
  });

  it('the tables that are stored by time, in the order of their clean-up', async () => {
    const tables = await queryOnce<{ name: string }>(database.url, 'SELECT name FROM tracestore.timed_table');
    expect(tables.map(({ name }) => name)).toEqual(timedTables);
  });

  it('the bucket of a duration', async () => {
    const buckets = await queryOnce<{ bucket: number; ms: number }>(
      database.url,
      'SELECT bucket, ps_trace.bucket_ms(bucket) AS ms FROM generate_series(0, 500) AS bucket',
    );
    expect(buckets.map(({ ms }) => durationBucket(ms * 1e6))).toEqual(buckets.map(({ bucket }) => bucket));
  });

  it('the numbers of span kinds on the wire', async () => {
    const kinds = await queryOnce<{ kind: string }>(
      database.url,
      'SELECT tracestore.span_kind(n)::text AS kind FROM generate_series(0, 5) AS n',
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(spanKinds);
  });

  it('the flags of the spans of a run', () => {
    const sql = readFileSync(new URL('schema/objects/functions/tracestore.spans_of_run.sql', import.meta.url), 'utf8');
    const flag = (condition: string): number =>
      Number(sql.split(`CASE WHEN ${condition}`)[1]?.match(/THEN (\d+)/)?.[1]);
    expect({
      root: flag('parent_span_id IS NULL'),
      error: flag('status_code = 2'),
      counted: flag('was_counted'),
      context: flag('start_time < $12'),
    }).toEqual(spanFlags);
  });
});
