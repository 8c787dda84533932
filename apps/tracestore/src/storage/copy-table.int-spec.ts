import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { startTracestore } from '@spandrel/testing/running-tracestore';
import { CallAggregates, callTables } from '../aggregate/call-aggregates.js';
import { durationBucket } from '../aggregate/duration-bucket.js';
import { PipelinedBatch, PipelinedPrepare } from '../database/pipelined-batch.js';
import { saltOf } from './block-filter.js';
import { CopyBatch } from './copy-batch.js';
import { CopyBuffer } from './copy-buffer.js';
import { appendRows, eventTable, linkTable, spanTable } from './copy-rows.js';
import type { CopyTable } from './copy-table.js';
import { blockTable, SpanBlocks } from './span-blocks.js';
import type { SpanRows } from './trace-rows.js';

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createFreshDatabase();
  await (await startTracestore(database.url)).stop();
  client = new pg.Client(database.url);
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const traceId = '00112233445566778899aabbccddeeff';
const traceUuid = '00112233-4455-6677-8899-aabbccddeeff';
const linkedTraceId = 'ffeeddccbbaa99887766554433221100';
const start = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1_000_000n;

/** Every column has a different value. */
const rows: SpanRows = {
  span: {
    traceId,
    spanId: 1n,
    parentSpanId: 2n,
    startTimeUnixNano: start + 1_003n,
    endTimeUnixNano: start + 2_004n,
    operationId: 5n,
    resourceId: 6n,
    scopeId: 7n,
    instance: 8,
    flags: 9,
    droppedAttributesCount: 10,
    droppedEventsCount: 11,
    droppedLinksCount: 12,
    statusCode: 2,
    traceState: 'state=13',
    statusMessage: 'message 14',
    attributes: '{"span":15}',
  },
  events: [
    {
      traceId,
      spanId: 1n,
      spanStartTimeUnixNano: start + 1_003n,
      timeUnixNano: start + 3_016n,
      spanInstance: 8,
      eventNbr: 17,
      droppedAttributesCount: 18,
      name: 'event 19',
      attributes: '{"event":20}',
    },
  ],
  links: [
    {
      traceId,
      spanId: 1n,
      spanStartTimeUnixNano: start + 1_003n,
      linkedTraceId,
      linkedSpanId: 21n,
      spanInstance: 8,
      linkNbr: 22,
      flags: 23,
      droppedAttributesCount: 24,
      traceState: 'state=25',
      attributes: '{"link":26}',
    },
  ],
};

/** Copies rows into their table. @returns the rows of the table, with values by column name */
async function store(
  { name, statement }: Pick<CopyTable<never>, 'name' | 'statement'>,
  buffer: CopyBuffer,
): Promise<readonly unknown[]> {
  await client.query(new PipelinedPrepare([statement])).done;
  await client.query(new PipelinedBatch([], [{ statement, rows: buffer }])).done;
  const { rows: stored } = await client.query<{ row: unknown }>(
    `SELECT to_jsonb(t) AS row FROM tracestore.${name} t ORDER BY to_jsonb(t)::text`,
  );
  return stored.map(({ row }) => row);
}

describe('COPY', () => {
  const batch = new CopyBatch();

  beforeAll(async () => {
    await client.query(`SET TIME ZONE 'UTC'`);
    appendRows(batch, rows);
    const blocks = new SpanBlocks();
    blocks.begin(1);
    blocks.addRows(batch.blocks, rows, 'service');
    blocks.addRows(
      batch.blocks,
      { ...rows, span: { ...rows.span, startTimeUnixNano: start, endTimeUnixNano: start + 5n, statusCode: 0 } },
      'service',
    );
    blocks.end(batch.blocks);
  });

  it('stores each value of a span in the column of its name', async () => {
    expect(await store(spanTable, batch.spans)).toEqual([
      {
        trace_id: traceUuid,
        span_id: 1,
        parent_span_id: 2,
        start_time: '2026-01-02T03:04:05.000001+00:00',
        start_nanos: 3,
        end_time: '2026-01-02T03:04:05.000002+00:00',
        end_nanos: 4,
        operation_id: 5,
        resource_id: 6,
        scope_id: 7,
        instance: 8,
        flags: 9,
        dropped_attributes_count: 10,
        dropped_events_count: 11,
        dropped_links_count: 12,
        status_code: 2,
        trace_state: 'state=13',
        status_message: 'message 14',
        attributes: { span: 15 },
      },
    ]);
  });

  it('stores each value of an event in the column of its name', async () => {
    expect(await store(eventTable, batch.events)).toEqual([
      {
        trace_id: traceUuid,
        span_id: 1,
        span_start_time: '2026-01-02T03:04:05.000001+00:00',
        time: '2026-01-02T03:04:05.000003+00:00',
        time_nanos: 16,
        span_instance: 8,
        event_nbr: 17,
        dropped_attributes_count: 18,
        name: 'event 19',
        attributes: { event: 20 },
      },
    ]);
  });

  it('stores each value of a link in the column of its name', async () => {
    expect(await store(linkTable, batch.links)).toEqual([
      {
        trace_id: traceUuid,
        span_id: 1,
        span_start_time: '2026-01-02T03:04:05.000001+00:00',
        linked_trace_id: 'ffeeddcc-bbaa-9988-7766-554433221100',
        linked_span_id: 21,
        span_instance: 8,
        link_nbr: 22,
        flags: 23,
        dropped_attributes_count: 24,
        trace_state: 'state=25',
        attributes: { link: 26 },
      },
    ]);
  });

  it('stores each value of a block in the column of its name', async () => {
    expect(await store(blockTable, batch.blocks)).toEqual([
      {
        start_max: '2026-01-02T03:04:05.000001+00:00',
        start_min: '2026-01-02T03:04:05+00:00',
        duration_ns_max: 1_001,
        transaction_id: expect.any(Number),
        span_count: 2,
        error_count: 1,
        salt: saltOf(0x8899aabb),
        trace_ids: [traceUuid],
        filter: expect.stringMatching(/^\\x(?:[0-9a-f]{2}){112,}$/),
      },
    ]);
  });

  it.each(callTables)('stores each value of $copy.name in the column of its name', async ({ copy }) => {
    const aggregates = new CallAggregates();
    const seconds = Number(start / 1_000_000_000n);
    const [callee, caller] = [aggregates.operationIndex(5n), aggregates.operationIndex(6n)];
    aggregates.nameServices((id) => ({ name: `service ${id}`, isEntry: true }));
    aggregates.add(1, seconds, callee, caller, true, 1_000, 10);
    aggregates.add(1, seconds, callee, caller, false, 1_000, 10);
    aggregates.add(1, seconds, callee, caller, false, 2_000, 10);
    const buffer = new CopyBuffer(1_024);
    const table = callTables.find((other) => other.copy === copy) as (typeof callTables)[number];
    aggregates.appendRows(buffer, table, Infinity);
    const width = table.widthSeconds;
    const bucket = new Date((seconds - (seconds % width)) * 1_000).toISOString().replace('.000Z', '+00:00');
    expect(await store(copy, buffer)).toEqual([
      {
        time_bucket: bucket,
        ...(table.rowsOf === 'operation'
          ? { operation_id: 5, parent_operation_id: 6 }
          : { service_name: 'service 5', parent_service_name: 'service 6', is_root: false }),
        calls: 3,
        errors: 1,
        duration_ns_sum: 4_000,
        self_ns_sum: 30,
        duration_bucket: [durationBucket(1_000), durationBucket(2_000)],
        duration_calls: [2, 1],
        self_bucket: [durationBucket(10)],
        self_calls: [3],
      },
    ]);
  });
});
