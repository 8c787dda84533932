import { create } from '@bufbuild/protobuf';
import {
  eventsResponse,
  linkPatternsResponse,
  linksResponse,
  matchesResponse,
  type TraceEvent,
  waterfall,
} from '@spandrel/console-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../../config/tracestore.config.js';
import { ExportTraceServiceRequestSchema } from '../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const traceId = 'a1'.repeat(16);
const consumerTraceId = 'b2'.repeat(16);
const lateTraceId = 'c3'.repeat(16);
const startNs = BigInt(Date.now() - 600_000) * 1_000_000n;
const idOf = (n: number): string => n.toString(16).padStart(16, '0');
const patterns = [
  { title: 'Runbook', attribute: 'http.route', url: 'https://wiki.example/{value}' },
  { title: 'Logs', url: 'https://logs.example/?trace={traceId}' },
];

let database: FreshDatabase;
let store: RunningTracestore;

function span(ofTrace: string, n: number, afterMs: number, more: SpanInit = {}): SpanInit {
  const start = startNs + BigInt(afterMs) * 1_000_000n;
  return goodSpan({
    traceId: hexBytes(ofTrace),
    spanId: hexBytes(idOf(n)),
    name: `span ${n}`,
    startTimeUnixNano: start,
    endTimeUnixNano: start + 5_000_000n,
    ...more,
  });
}

/** Events every 100 ns, the last one first. */
function events(count: number): NonNullable<SpanInit['events']> {
  return Array.from({ length: count }, (_, n) => ({
    name: n === 25 ? 'exception' : n % 2 === 0 ? 'even' : 'odd',
    timeUnixNano: startNs + BigInt(count - n) * 100n,
    attributes: [text('position', String(n)), text('long', 'x'.repeat(n === 0 ? 600 : 1))],
  }));
}

const linkTo = (n: number) => ({ traceId: hexBytes(traceId), spanId: hexBytes(idOf(n)), attributes: [] });

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, {
    console: { ...readTracestoreConfig({}).console, linkPatterns: patterns },
  });
  const spans = [
    span(traceId, 1, 0, { name: 'publish', kind: 4, events: events(30) }),
    span(traceId, 2, 1, {
      name: '',
      parentSpanId: hexBytes(idOf(1)),
      events: [{ name: 'exception', timeUnixNano: startNs + 1_500_001n, attributes: [text('on.event', 'yes')] }],
      attributes: [
        text('text', '5'),
        attribute('number', { case: 'intValue', value: 5n }),
        attribute('flag', { case: 'boolValue', value: true }),
        attribute('list', { case: 'arrayValue', value: { values: [{ value: { case: 'stringValue', value: 'a' } }] } }),
      ],
      links: [linkTo(1), { traceId: hexBytes('dd'.repeat(16)), spanId: hexBytes(idOf(9)) }],
    }),
    span(consumerTraceId, 3, 2_000, { name: 'process', kind: 5, links: [linkTo(1)], status: { code: 2 } }),
    span(lateTraceId, 4, -25 * 3_600_000, { name: 'a day before', links: [linkTo(1)] }),
  ];
  const resource = { attributes: [text('service.name', 'orders'), text('on.resource', 'yes')] };
  const request = create(ExportTraceServiceRequestSchema, { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  await sendGrpc(store.grpcAddress, encodeProtobuf(request));
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

async function get<Answer>(schema: z.ZodType<Answer>, path: string): Promise<Answer> {
  const response = await fetch(`${store.url}/api/${path}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return schema.parse(await response.json());
}

async function problemOf(path: string): Promise<readonly [number, string]> {
  const response = await fetch(`${store.url}/api/${path}`);
  return [response.status, ((await response.json()) as { readonly detail: string }).detail];
}

describe('a waterfall', () => {
  it('has times and names of the first 20 events of each span, and of exceptions', async () => {
    const { eventMarks, spans } = await get(waterfall, `traces/${traceId}`);
    expect(spans.events).toEqual([30, 1]);
    const marks = eventMarks.span.map((n, at) => [
      n,
      eventMarks.timeNs[at],
      eventMarks.names[eventMarks.name[at] ?? -1],
    ]);
    expect(marks).toHaveLength(22);
    expect(marks.slice(0, 3)).toEqual([
      [0, 500, 'exception'],
      [0, 1_100, 'odd'],
      [0, 1_200, 'even'],
    ]);
    expect(marks.at(-1)).toEqual([1, 1_500_001, 'exception']);
  });

  it('has empty lists for a trace without events', async () => {
    const { eventMarks } = await get(waterfall, `traces/${consumerTraceId}`);
    expect(eventMarks).toEqual({ names: [], span: [], timeNs: [], name: [] });
  });
});

describe('the events of a trace', () => {
  it('come in the order of time, a page at a time, each once', async () => {
    const all: TraceEvent[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `traces/${traceId}/events?limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: z.infer<typeof eventsResponse> = await get(eventsResponse, path);
      expect(page.events.length).toBeLessThanOrEqual(7);
      all.push(...page.events);
      cursor = page.nextCursor;
    }
    expect(all.map(({ timeUnixNano }) => Number(BigInt(timeUnixNano) - startNs))).toEqual([
      ...Array.from({ length: 30 }, (_, n) => (n + 1) * 100),
      1_500_001,
    ]);
    expect(all.at(-1)).toMatchObject({ spanId: idOf(2), name: 'exception', attributes: { 'on.event': 'yes' } });
  });

  it('have long values cut, and say so', async () => {
    const { events: page } = await get(eventsResponse, `traces/${traceId}/events`);
    expect(page.filter(({ isCut }) => isCut)).toHaveLength(1);
    expect(page.find(({ isCut }) => isCut)?.attributes).toEqual({ position: '0', long: 'x'.repeat(500) });
  });

  it('of an unknown trace are none', async () => {
    expect(await get(eventsResponse, `traces/${'0'.repeat(31)}1/events`)).toEqual({ events: [], nextCursor: null });
  });

  it.each([
    'cursor=nonsense',
    `cursor=${Buffer.from('1.2.99999999999999999999.1.1').toString('base64url')}`,
    'limit=0',
  ])('responds with 400 to %s', async (query) => {
    const [status, detail] = await problemOf(`traces/${traceId}/events?${query}`);
    expect(status).toBe(400);
    expect(detail).toMatch(/cursor|limit/);
  });
});

describe('the links of a span', () => {
  it('name the spans at the other ends in both directions, within the time that the response states', async () => {
    const ofProducer = await get(linksResponse, `traces/${traceId}/spans/${idOf(1)}/links?start=${startNs}`);
    expect(ofProducer.outgoing).toEqual([]);
    expect(ofProducer.incoming.map(({ traceId: from, service, name }) => [from, service, name])).toEqual([
      [traceId, 'orders', ''],
      [consumerTraceId, 'orders', 'process'],
    ]);
    expect(ofProducer.incoming[1]).toMatchObject({ spanId: idOf(3), kind: 5, durationNs: 5_000_000, isError: true });
    expect(ofProducer).toMatchObject({
      hasMoreIncoming: false,
      incomingFromUnixNano: String(startNs - 3_600_000_000_000n),
      incomingToUnixNano: String(startNs + 86_400_000_000_000n),
    });
    const ofOther = await get(linksResponse, `traces/${traceId}/spans/${idOf(2)}/links?start=${startNs}`);
    expect(ofOther.incoming).toEqual([]);
    // The other link is to a span that is not stored.
    expect(ofOther.outgoing).toMatchObject([{ traceId, spanId: idOf(1), service: 'orders', name: 'publish', kind: 4 }]);
  });

  it('need the start of the span', async () => {
    const [status, detail] = await problemOf(`traces/${traceId}/spans/${idOf(1)}/links`);
    expect([status, detail]).toEqual([400, expect.stringContaining('start')]);
  });
});

describe('the spans with an attribute', () => {
  it.each([
    ['text=5', [2]],
    ['number=5', [2]],
    ['number=5.0', [2]],
    ['number=6', []],
    ['flag=true', [2]],
    ['list=["a"]', [2]],
    ['text', [2]],
    ['on.event=yes', [2]],
    ['on.resource', [1, 2]],
    ['text={"x":"\\u0000"}', []],
    ['number=1e99999', []],
  ])('are found by %s', async (condition, expected) => {
    const path = `traces/${traceId}/matches?attribute=${encodeURIComponent(condition)}`;
    const { spanIds } = await get(matchesResponse, path);
    expect(spanIds).toEqual(expected.map(idOf));
  });

  it('are found together with a text', async () => {
    const path = `traces/${traceId}/matches?text=publish&attribute=on.resource`;
    expect(await get(matchesResponse, path)).toEqual({ spanIds: [idOf(1)] });
  });

  it.each(['', '?attribute=number%3E4', '?attribute=%3D5'])('responds with 400 to %j', async (query) => {
    const [status, detail] = await problemOf(`traces/${traceId}/matches${query}`);
    expect(status).toBe(400);
    expect(detail).toContain('attribute');
  });
});

describe('the link patterns', () => {
  it('are those of the configuration', async () => {
    expect(await get(linkPatternsResponse, 'link-patterns')).toEqual({ patterns });
  });
});
