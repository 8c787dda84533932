import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { compressOldChunks } from '@spandrel/testing/compress-old-chunks';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { RandomRequests } from '@spandrel/testing/random-request';
import { fullRequest, goodSpan, hexBytes, requestOf } from '@spandrel/testing/requests';
import { expectedSpans, sorted, type StoredSpan } from '@spandrel/testing/stored-spans';
import { attributesFromJson } from '../../storage/attribute-json.js';
import type { ExportTraceServiceRequest } from '../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import {
  type EntityRef,
  EntityRefSchema,
  InstrumentationScopeSchema,
} from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { SpanSchema } from '../../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { summarizeTraces } from '../summarize-traces/summarize-traces.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { DictionaryEntries } from './dictionary-entries.js';
import { type RequestedTrace, getTraces } from './get-traces.js';
import type { TraceChunk, TraceSpan } from './trace-span.js';

let fresh: FreshDatabase;
let store: QueryStore;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

async function get(...requested: readonly RequestedTrace[]): Promise<readonly TraceChunk[]> {
  const chunks: TraceChunk[] = [];
  for await (const chunk of getTraces(store.database, requested)) chunks.push(chunk);
  return chunks;
}

/** As OTLP would say it. */
function storedSpanOf(traceId: string, span: TraceSpan): StoredSpan {
  const { resource, scope } = span;
  return {
    span: create(SpanSchema, {
      traceId: hexBytes(traceId),
      spanId: hexBytes(span.spanId),
      parentSpanId: hexBytes(span.parentSpanId),
      traceState: span.traceState,
      flags: span.flags,
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: span.startTimeUnixNano,
      endTimeUnixNano: span.endTimeUnixNano,
      attributes: [...attributesFromJson(span.attributesJson)],
      droppedAttributesCount: span.droppedAttributesCount,
      events: span.events.map(({ attributesJson, ...event }) => ({
        ...event,
        attributes: [...attributesFromJson(attributesJson)],
      })),
      droppedEventsCount: span.droppedEventsCount,
      links: span.links.map(({ attributesJson, traceId: linkedTraceId, spanId: linkedSpanId, ...link }) => ({
        ...link,
        traceId: hexBytes(linkedTraceId),
        spanId: hexBytes(linkedSpanId),
        attributes: [...attributesFromJson(attributesJson)],
      })),
      droppedLinksCount: span.droppedLinksCount,
      status: { code: span.statusCode, message: span.statusMessage },
    }),
    resource: create(ResourceSchema, {
      attributes: [...attributesFromJson(resource.attributesJson)],
      droppedAttributesCount: resource.droppedAttributesCount,
      entityRefs: (JSON.parse(resource.entityRefsJson || '[]') as readonly EntityRef[]).map((reference) =>
        create(EntityRefSchema, reference),
      ),
    }),
    resourceSchemaUrl: resource.schemaUrl,
    scope: create(InstrumentationScopeSchema, {
      name: scope.name,
      version: scope.version,
      attributes: [...attributesFromJson(scope.attributesJson)],
      droppedAttributesCount: scope.droppedAttributesCount,
    }),
    scopeSchemaUrl: scope.schemaUrl,
  };
}

/** Ids of links that are zeros come back as none, and so does a resource's lack of anything. */
function traceIdsOf(request: ExportTraceServiceRequest): readonly string[] {
  const spans = request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return [...new Set(spans.map(({ traceId }) => Buffer.from(traceId).toString('hex')))];
}

describe('getTraces', () => {
  it('returns a trace with all fields of OTLP', async () => {
    const request = fullRequest();
    await store.send(request);
    const chunks = await get(...traceIdsOf(request).map((traceId) => ({ traceId })));
    expect(sorted(chunks.flatMap(({ traceId, spans }) => spans.map((span) => storedSpanOf(traceId, span))))).toEqual(
      expectedSpans(request),
    );
  });

  it.each([1, 2, 3, 4, 5, 6])('returns random traces as they were sent (seed %i)', async (seed) => {
    const requests = new RandomRequests(seed);
    for (let n = 0; n < 4; n++) {
      const request = requests.next();
      await store.send(request);
      const chunks = await get(...traceIdsOf(request).map((traceId) => ({ traceId })));
      expect(sorted(chunks.flatMap(({ traceId, spans }) => spans.map((span) => storedSpanOf(traceId, span))))).toEqual(
        expectedSpans(request),
      );
    }
  });

  it('returns spans ordered by time, trace by trace, in the order requested', async () => {
    const ids = ['01', '02', '03'].map((digits) => digits.repeat(16));
    const spans = [3n, 1n, 2n].flatMap((start) =>
      ids.map((traceId) =>
        goodSpan({
          traceId: hexBytes(traceId),
          spanId: hexBytes(`000000000000000${start}`),
          startTimeUnixNano: 1_700_000_000_000_000_000n + start * 1000n,
        }),
      ),
    );
    await store.send(requestOf(spans));
    const [first = '', second = '', third = ''] = ids;
    const chunks = await get(
      { traceId: third.toUpperCase() },
      { traceId: 'ee'.repeat(16) },
      { traceId: first },
      {
        traceId: second,
        startTimeMinUnixNano: 1_700_000_000_000_002_000n,
        startTimeMaxUnixNano: 1_700_000_000_000_002_000n,
      },
      { traceId: first },
    );
    expect(chunks.map(({ traceId, spans: found }) => [traceId, found.map(({ spanId }) => Number(spanId))])).toEqual([
      [third, [1, 2, 3]],
      [first, [1, 2, 3]],
      [second, [2]],
    ]);
  });

  it('returns a whole trace when its spans are days apart and some arrived after compression', async () => {
    const traceId = '04'.repeat(16);
    const nsPerHour = 3_600_000_000_000n;
    const now = BigInt(Date.now()) * 1_000_000n;
    const spanOf = (spanId: number, hoursAgo: bigint) =>
      requestOf([
        goodSpan({
          traceId: hexBytes(traceId),
          spanId: hexBytes(`000000000000000${spanId}`),
          startTimeUnixNano: now - hoursAgo * nsPerHour,
        }),
      ]);
    await store.send(spanOf(2, 72n), spanOf(5, 1n));
    await compressOldChunks(fresh.url);
    await store.send(spanOf(3, 71n), spanOf(1, 120n), spanOf(4, 30n));
    const chunks = await get({ traceId });
    expect(chunks.flatMap(({ spans }) => spans.map(({ spanId }) => Number(spanId)))).toEqual([1, 2, 3, 4, 5]);
    expect(await summarizeTraces(store.database, [traceId])).toMatchObject([
      { spanCount: 5, startTimeUnixNano: now - 120n * nsPerHour },
    ]);
    const since = await get({ traceId, startTimeMinUnixNano: now - 71n * nsPerHour });
    expect(since.flatMap(({ spans }) => spans.map(({ spanId }) => Number(spanId)))).toEqual([3, 4, 5]);
  });

  it.each([
    [255, 1],
    [256, 1],
    [257, 1],
    [600, 1],
    [1, 257],
  ])('returns a trace of %i spans with %i events each whole and in order', async (spanCount, eventCount) => {
    const id = (spanCount * 1000 + eventCount).toString(16).padStart(32, 'b');
    const small = id.replace('b', 'c');
    const startTimeUnixNano = 1_700_000_000_000_000_000n;
    const spanOf = (traceId: string, n: number) =>
      goodSpan({
        traceId: hexBytes(traceId),
        spanId: hexBytes((n + 1).toString(16).padStart(16, '0')),
        startTimeUnixNano: startTimeUnixNano + BigInt(n) * 1_000n,
        events: Array.from({ length: eventCount }, (_, nbr) => ({
          name: `event ${nbr}`,
          timeUnixNano: startTimeUnixNano,
        })),
      });
    await store.send(
      requestOf([...Array.from({ length: spanCount }, (_, n) => spanOf(id, spanCount - 1 - n)), spanOf(small, 0)]),
    );
    const chunks = await get({ traceId: small }, { traceId: id });
    const found = (traceId: string) =>
      chunks.filter((chunk) => chunk.traceId === traceId).flatMap(({ spans }) => spans);
    expect(chunks[0]?.traceId).toBe(small);
    expect(found(small)).toHaveLength(1);
    expect(found(id).map(({ spanId }) => Number.parseInt(spanId, 16))).toEqual(
      Array.from({ length: spanCount }, (_, n) => n + 1),
    );
    const names = Array.from({ length: eventCount }, (_, nbr) => `event ${nbr}`);
    for (const { events } of found(id)) expect(events.map(({ name }) => name)).toEqual(names);
  });

  it('returns a dictionary row that was removed and stored with other content a minute later', async () => {
    const traceId = '5a'.repeat(16);
    await store.send(requestOf([goodSpan({ traceId: hexBytes(traceId), name: 'comes back' })], 'away'));
    let nowMs = 0;
    // The same connections, with a clock of the test.
    const database = Object.assign(Object.create(store.database) as QueryDatabaseService, {
      entries: new DictionaryEntries(() => nowMs),
    });
    const read = async (): Promise<TraceSpan | undefined> => {
      for await (const { spans } of getTraces(database, [{ traceId }])) return spans[0];
      return undefined;
    };
    expect((await read())?.resource.attributesJson).not.toContain('renewed');
    const [row] = await queryOnce<{ id: string }>(
      fresh.url,
      "DELETE FROM tracestore.resource WHERE service_name = 'away' RETURNING id",
    );
    await queryOnce(
      fresh.url,
      `INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count)
       VALUES (${row?.id}, 'away', '{"renewed": true}', 0)`,
    );
    nowMs = 60_001;
    expect((await read())?.resource.attributesJson).toBe('{"renewed": true}');
  });

  it('returns nothing for an unknown trace, and refuses an invalid id', async () => {
    expect(await get({ traceId: 'dd'.repeat(16) })).toEqual([]);
    expect(await get()).toEqual([]);
    await expect(get({ traceId: "'; DROP TABLE tracestore.span; --" })).rejects.toMatchObject({
      kind: { code: 'invalid' },
      message: expect.stringContaining('trace_ids[0] should be 32 hex digits') as string,
    });
  });
});

describe('a reader that stops early', () => {
  it('gives its connection back', async () => {
    const traceId = '0a'.repeat(16);
    const spans = Array.from({ length: 1_200 }, (_, n) =>
      goodSpan({ traceId: hexBytes(traceId), spanId: hexBytes((n + 1).toString(16).padStart(16, '0')) }),
    );
    await store.send(requestOf(spans));
    for (let n = 0; n < 10; n++) {
      for await (const chunk of getTraces(store.database, [{ traceId }])) {
        expect(chunk.spans.length).toBeGreaterThan(0);
        break;
      }
    }
    const chunks = await get({ traceId });
    expect(chunks.reduce((sum, chunk) => sum + chunk.spans.length, 0)).toBe(1_200);
    expect(Math.max(...chunks.map((chunk) => chunk.spans.length))).toBeLessThanOrEqual(500);
  });
});
