import { create } from '@bufbuild/protobuf';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { ExportTraceServiceRequestSchema } from '../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { readQuery } from './all.ts';
import { bindQuery } from './query.ts';

const nowMs = Math.floor(Date.now() / 10_000) * 10_000;
/** Of the requests: half an hour before their calls. */
const longAgoMs = nowMs - 40 * 60_000;
const callsMs = nowMs - 5 * 60_000;
const range = { from: new Date(callsMs - 60_000).toISOString(), to: new Date(nowMs).toISOString() };

let database: FreshDatabase;
let store: QueryStore;
let client: pg.Client;

function span(id: number, startMs: number, parent: number | undefined, over: SpanInit): SpanInit {
  const startTimeUnixNano = BigInt(startMs) * 1_000_000n;
  return goodSpan({
    traceId: hexBytes('ab'.repeat(16)),
    spanId: hexBytes(String(id).padStart(16, '0')),
    parentSpanId: parent === undefined ? hexBytes('') : hexBytes(String(parent).padStart(16, '0')),
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 20_000_000n,
    ...over,
  });
}

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startQueryStore(database.url);
  // An importer that started before the range calls others all the time.
  await store.send(
    requestOf([span(1, longAgoMs, undefined, { name: 'import' })], 'importer'),
    requestOf(
      [span(2, callsMs, 1, { name: 'PUT /product' }), span(3, callsMs, 1, { name: 'PUT /product' })],
      'catalogue',
    ),
    requestOf([span(4, callsMs, 2, { name: 'PUT /image' })], 'images'),
  );
  client = new pg.Client(database.url);
  await client.connect();
  // Aggregates follow the spans.
  await vi.waitFor(
    async () => {
      const edges = await rowsOf('04-service-dependencies', 'service-edges.sql');
      if (edges.length < 2) throw new Error('The calls are not counted yet');
    },
    { timeout: 60_000, interval: 200 },
  );
});

afterAll(async () => {
  await client.end();
  await store.stop();
  await database.drop();
});

async function rowsOf(
  folder: string,
  file: string,
  values = {},
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    bindQuery(readQuery(folder, file), { ...range, ...values }),
  );
  return rows;
}

describe('a caller without calls of its own in the time range', () => {
  it.each([
    ['04-service-dependencies', 'service', {}, 'id', ['catalogue', 'images', 'importer']],
    ['05-upstream-spans', 'upstream', { service: 'images' }, 'subTitle', ['catalogue', 'images', 'importer']],
  ])('is a node of %s, with its edges', async (folder, prefix, values, name, services) => {
    const nodes = await rowsOf(folder, `${prefix}-nodes.sql`, values);
    expect(nodes.map((node) => node[name]).toSorted()).toEqual(services);
    const importer = nodes.find((node) => node[name] === 'importer');
    expect(importer).toMatchObject({ mainStat: 0, secondaryStat: null, arc__failed: 0, arc__passed: 1 });
    const edges = await rowsOf(folder, `${prefix}-edges.sql`, values);
    const ids = new Set(nodes.map(({ id }) => id));
    expect(edges).toHaveLength(2);
    expect(edges.every(({ source, target }) => ids.has(source) && ids.has(target))).toBe(true);
    expect(edges.find(({ source }) => source === importer?.['id'])).toMatchObject({ mainStat: 2 });
  });
});

describe('a service with a namespace', () => {
  it('has the one of its resource that was seen last', async () => {
    const attributes = [text('service.name', 'images'), text('service.namespace', 'shop')];
    await store.send(
      create(ExportTraceServiceRequestSchema, {
        resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span(9, callsMs, undefined, {})] }] }],
      }),
    );
    const { rows } = await client.query('SELECT * FROM ps_trace.service_namespace ORDER BY service_name');
    expect(rows).toEqual([
      { service_name: 'catalogue', namespace: null },
      { service_name: 'images', namespace: 'shop' },
      { service_name: 'importer', namespace: null },
    ]);
  });
});
