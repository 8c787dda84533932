import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, fullRequest, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import {
  queryAsReader,
  queryOnce,
  type RunningTracestore,
  startTracestore,
} from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceRequestSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

async function send(...spans: readonly SpanInit[]): Promise<void> {
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans)));
}

/** Of Promscale: what its users' queries rely on. */
const promscaleColumns = {
  span: `trace_id trace_id, span_id int8, trace_state text, parent_span_id int8, is_root_span bool, service_name text,
    span_name text, span_kind span_kind, start_time timestamptz, end_time timestamptz, time_range tstzrange,
    duration_ms float8, span_tags tag_map, dropped_tags_count int4, event_time tstzrange, dropped_events_count int4,
    dropped_link_count int4, status_code status_code, status_message text, instrumentation_lib_name text,
    instrumentation_lib_version text, instrumentation_lib_schema_url text, resource_tags tag_map,
    resource_dropped_tags_count int4, resource_schema_url text`,
  event: `trace_id trace_id, span_id int8, time timestamptz, event_name text, event_tags tag_map,
    dropped_tags_count int4, trace_state text, service_name text, span_name text, span_kind span_kind,
    span_start_time timestamptz, span_end_time timestamptz, span_time_range tstzrange, span_duration_ms float8,
    span_tags tag_map, dropped_span_tags_count int4, resource_tags tag_map, resource_dropped_tags_count int4,
    status_code status_code, status_message text`,
};
const columnsOf = (list: string): readonly string[] => list.split(',').map((column) => column.trim());
const linkedColumn = (column: string): string =>
  `linked_${column}`.replace('linked_instrumentation_lib_', 'linked_inst_lib_');

describe('the public views', () => {
  const span = columnsOf(promscaleColumns.span);
  it.each([
    ['span', span],
    ['event', columnsOf(promscaleColumns.event)],
    ['link', [...span, ...span.map(linkedColumn), 'link_tags tag_map', 'dropped_link_tags_count int4']],
  ])("%s begin with Promscale's columns in its order and of its types", async (view, expected) => {
    const rows = await queryAsReader<{ column: string }>(
      database.url,
      `SELECT attname || ' ' || typname AS column
       FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
       WHERE attrelid = ('ps_trace.' || $1)::regclass AND attnum > 0 ORDER BY attnum`,
      [view],
    );
    expect(rows.slice(0, expected.length).map(({ column }) => column)).toEqual(expected);
  });
});

describe('a span that ends before it starts', () => {
  it('has no duration, a range of its start alone, and keeps both times', async () => {
    await send(goodSpan({ name: 'backwards', startTimeUnixNano: 5_000_000_001n, endTimeUnixNano: 0n }));
    const rows = await queryAsReader(
      database.url,
      `SELECT duration_ms, time_range = tstzrange(start_time, start_time, '[]') AS alone,
         start_time_unix_nano::text AS start, end_time_unix_nano::text AS end
       FROM ps_trace.span WHERE span_name = 'backwards'`,
    );
    expect(rows).toEqual([{ duration_ms: 0, alone: true, start: '5000000001', end: '0' }]);
  });
});

describe('durations', () => {
  it('are in milliseconds and know nanoseconds', async () => {
    await send(
      goodSpan({
        name: 'short',
        startTimeUnixNano: 1_700_000_000_000_000_999n,
        endTimeUnixNano: 1_700_000_000_000_001_000n,
      }),
      goodSpan({ name: 'days', startTimeUnixNano: 1_000_000n, endTimeUnixNano: 259_200_001_000_000n }),
    );
    const rows = await queryAsReader(
      database.url,
      `SELECT span_name, duration_ms FROM ps_trace.span WHERE span_name IN ('short', 'days') ORDER BY duration_ms`,
    );
    expect(rows).toEqual([
      { span_name: 'short', duration_ms: 0.000001 },
      { span_name: 'days', duration_ms: 259_200_000 },
    ]);
  });
});

describe('numbers that have no room', () => {
  it('read as the greatest that has: a dropped count above int4, an enumerator that is not known', async () => {
    await send(
      goodSpan({
        name: 'odd',
        droppedAttributesCount: 2 ** 32 - 1,
        kind: 99 as 0,
        status: { code: -7 as 0 },
        flags: 2 ** 32 - 1,
      }),
    );
    const rows = await queryAsReader(
      database.url,
      `SELECT dropped_tags_count, span_kind, status_code, flags::text FROM ps_trace.span WHERE span_name = 'odd'`,
    );
    expect(rows).toEqual([
      { dropped_tags_count: 2_147_483_647, span_kind: 'unspecified', status_code: 'unset', flags: '4294967295' },
    ]);
    const kept = await queryOnce(
      database.url,
      `SELECT s.dropped_attributes_count, s.status_code, o.span_kind
       FROM tracestore.span s JOIN tracestore.operation o ON o.id = s.operation_id WHERE o.span_name = 'odd'`,
    );
    expect(kept).toEqual([{ dropped_attributes_count: -1, status_code: -7, span_kind: 99 }]);
  });
});

describe('spans that share trace and span id', () => {
  it('are all kept, each with its own events and links', async () => {
    const twin = (name: string): SpanInit =>
      goodSpan({
        name,
        spanId: hexBytes('00000000000000ff'),
        events: [{ name: `event of ${name}` }],
        links: [{ traceId: hexBytes('0af7651916cd43dd8448eb211c80319c'), spanId: hexBytes('00000000000000ff') }],
      });
    await send(twin('first twin'), twin('second twin'));
    await send(twin('third twin'));
    const events = await queryAsReader(
      database.url,
      `SELECT span_name, event_name FROM ps_trace.event WHERE span_name LIKE '%twin' ORDER BY span_name`,
    );
    expect(events).toEqual(
      ['first twin', 'second twin', 'third twin'].map((name) => ({ span_name: name, event_name: `event of ${name}` })),
    );
    const links = await queryAsReader(database.url, `SELECT FROM ps_trace.link WHERE span_name LIKE '%twin'`);
    expect(links).toHaveLength(3);
  });
});

describe('the service name', () => {
  it.each([
    ['shop', [text('service.name', 'shop')]],
    ['unknown_service', []],
    ['unknown_service', [text('service.name', '')]],
    ['unknown_service', [{ key: 'service.name' }]],
    ['5', [attribute('service.name', { case: 'intValue', value: 5n })]],
    ['last', [text('service.name', 'first'), text('service.name', 'last')]],
  ])('is %s', async (expected, attributes) => {
    const span = goodSpan();
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }],
    });
    await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    const select = 'SELECT service_name FROM ps_trace.span WHERE span_name = $1';
    expect(await queryAsReader(database.url, select, [span.name])).toEqual([{ service_name: expected }]);
  });
});

describe('a link', () => {
  it('shows the linked span where it is known, and its own trace state either way', async () => {
    await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()));
    const target = goodSpan({
      name: 'target',
      traceId: hexBytes('00112233445566778899aabbccddeeff'),
      spanId: hexBytes('0123456789abcdef'),
      traceState: 'target=1',
    });
    const select = `SELECT linked_span_name, linked_trace_state, link_trace_state, linked_service_name
      FROM ps_trace.link WHERE linked_trace_id = '00112233445566778899aabbccddeeff'`;
    const unknown = {
      linked_span_name: null,
      linked_trace_state: null,
      link_trace_state: 'linked=1',
      linked_service_name: null,
    };
    expect(await queryAsReader(database.url, select)).toEqual([unknown]);
    await send(target);
    expect(await queryAsReader(database.url, select)).toEqual([
      { ...unknown, linked_span_name: 'target', linked_trace_state: 'target=1', linked_service_name: 'shop' },
    ]);
  });
});

describe('event_time', () => {
  it('spans the events of a span and is null without any', async () => {
    await send(
      goodSpan({ name: 'without events' }),
      goodSpan({ name: 'with events', events: [{ timeUnixNano: 2_000_000_000n }, { timeUnixNano: 1_000_000_000n }] }),
    );
    const rows = await queryAsReader(
      database.url,
      `SELECT lower(event_time) = 'epoch'::timestamptz + '1 s'::interval AS first,
         upper(event_time) = 'epoch'::timestamptz + '2 s'::interval AS last
       FROM ps_trace.span WHERE span_name LIKE '%events' ORDER BY span_name`,
    );
    expect(rows).toEqual([
      { first: true, last: true },
      { first: null, last: null },
    ]);
  });
});

describe('a query that is narrow', () => {
  const plan = async (sql: string): Promise<string> => {
    const rows = await queryAsReader<{ 'QUERY PLAN': string }>(database.url, `EXPLAIN ${sql}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  beforeAll(async () => {
    const spans = Array.from({ length: 5_000 }, (_, n) =>
      goodSpan({ name: `narrow ${n % 500}`, traceId: hexBytes(n.toString(16).padStart(32, 'a')) }),
    );
    await send(...spans);
    await queryOnce(database.url, 'ANALYZE');
  });

  it('for a trace uses the index, and touches no dictionary that it does not name', async () => {
    const text = await plan(`SELECT span_id FROM ps_trace.span WHERE trace_id = '${'a'.repeat(31)}1'`);
    expect(text).toMatch(/span_by_trace|span_\w*trace_id_idx/);
    expect(text).not.toMatch(/resource|scope|operation/);
  });

  it('for an operation uses the index', async () => {
    const text = await plan(`SELECT * FROM ps_trace.span WHERE service_name = 'shop' AND span_name = 'narrow 7'`);
    expect(text).toMatch(/span_by_operation|span_\w*operation_id_start_time_idx/);
  });
});
