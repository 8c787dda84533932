import { create } from '@bufbuild/protobuf';
import {
  serviceErrorsResponse,
  serviceHistoryResponse,
  serviceNeighboursResponse,
  serviceOperationsResponse,
  serviceVersionsResponse,
  trafficResponse,
} from '@spandrel/console-api';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { ExportTraceServiceRequestSchema } from '../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const ms = 1_000_000n;
const minuteMs = 60_000;
/** A whole minute, so that a step begins with the range. */
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - 30 * minuteMs;
const oddName = `a/b ?x=1#y & "Käse" 100%41 '; --`;

let database: FreshDatabase;
let store: RunningTracestore;

const hex = (value: number, digits: number) => hexBytes(value.toString(16).padStart(digits, '0'));

/**
 * 60 requests, one every 20 seconds: web GET / (100 ms) calls the odd service (40 ms), which calls itself (10 ms). Every tenth
 * request fails with an exception, every fifteenth fails with a message only. The version is 2.0 from the 40th request on.
 */
const requests = Array.from({ length: 60 }, (_, n) => {
  const traceId = hex(n + 1, 32);
  const start = BigInt(startMs + 5_000 + n * 20_000) * ms;
  const span = (id: number, parent: number, offsetMs: number, durationMs: number, over: SpanInit): SpanInit =>
    goodSpan({
      traceId,
      spanId: hex((n + 1) * 16 + id, 16),
      parentSpanId: parent === 0 ? new Uint8Array() : hex((n + 1) * 16 + parent, 16),
      startTimeUnixNano: start + BigInt(offsetMs) * ms,
      endTimeUnixNano: start + BigInt(offsetMs + durationMs) * ms,
      ...over,
    });
  const exception = (type: string, message: string) => ({
    name: 'exception',
    timeUnixNano: start,
    attributes: [text('exception.type', type), text('exception.message', message)],
  });
  return {
    web: span(1, 0, 0, 100, {
      name: 'GET /',
      ...(n % 10 === 9
        ? { status: { code: 2, message: 'not shown' }, events: [exception('TypeError', 'x is not a function')] }
        : {}),
      ...(n % 15 === 14 ? { status: { code: 2, message: 'upstream failed' } } : {}),
      // A handled exception does not make a span fail.
      ...(n === 0 ? { events: [exception('Handled', 'and retried')] } : {}),
    }),
    odd: span(2, 1, 20, 40, { name: 'call' }),
    inner: span(3, 2, 30, 10, { name: 'inner', kind: 1 }),
    version: n < 40 ? '1.0' : '2.0',
  };
});

async function get<Schema extends z.ZodType>(schema: Schema, path: string): Promise<z.infer<Schema>> {
  const response = await fetch(`${store.url}/api/${path}`);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${body}`);
  return schema.parse(JSON.parse(body));
}

const range = { from: `${BigInt(startMs) * ms}`, to: `${BigInt(startMs + 25 * minuteMs) * ms}` };

function path(what: string, service: string, over: Partial<typeof range> = {}): string {
  return `services/${what}?${new URLSearchParams({ service, ...range, ...over }).toString()}`;
}

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { queryTimeoutMs: 20_000 });
  const resource = (service: string, version: string, spans: readonly SpanInit[]) => ({
    resource: { attributes: [text('service.name', service), text('service.version', version)] },
    scopeSpans: [{ spans: [...spans] }],
  });
  const request = create(ExportTraceServiceRequestSchema, {
    resourceSpans: ['1.0', '2.0'].flatMap((version) => {
      const own = requests.filter((each) => each.version === version);
      return [
        resource(
          'web',
          version,
          own.map(({ web }) => web),
        ),
        resource(
          oddName,
          '7',
          own.flatMap(({ odd, inner }) => [odd, inner]),
        ),
      ];
    }),
  });
  await sendGrpc(store.grpcAddress, encodeProtobuf(request));
  // The aggregation runs every ten seconds.
  await vi.waitFor(
    async () => {
      const { operations } = await get(serviceOperationsResponse, path('operations', 'web'));
      if (operations[0]?.calls !== 60) throw new Error('not all spans are aggregated yet');
    },
    { timeout: 120_000, interval: 500 },
  );
}, 180_000);

afterAll(async () => {
  await store.stop();
  await database.drop();
});

describe('the API of a service', () => {
  it('has its operations with calls, errors, percentiles and their share of time', async () => {
    const web = await get(serviceOperationsResponse, path('operations', 'web'));
    expect(web).toEqual({
      operationCount: 1,
      operations: [
        expect.objectContaining({ name: 'GET /', kind: 'server', calls: 60, errors: 8, selfMs: 60 * 60, selfShare: 1 }),
      ],
    });
    const odd = await get(serviceOperationsResponse, path('operations', oddName));
    expect(
      odd.operations.map(({ name, kind, calls, selfMs, selfShare }) => [name, kind, calls, selfMs, selfShare]),
    ).toEqual([
      ['call', 'server', 60, 60 * 30, 0.75],
      ['inner', 'internal', 60, 60 * 10, 0.25],
    ]);
    for (const percentile of ['p50Ms', 'p95Ms', 'p99Ms'] as const) {
      expect(Math.abs((web.operations[0]?.[percentile] ?? 0) / 100 - 1)).toBeLessThan(0.046);
      expect(Math.abs((odd.operations[1]?.[percentile] ?? 0) / 10 - 1)).toBeLessThan(0.046);
    }
  });

  it('has its callers and the services that it calls, without itself', async () => {
    const web = await get(serviceNeighboursResponse, path('neighbours', 'web'));
    expect(web.callers).toEqual([expect.objectContaining({ service: null, calls: 60, errors: 8 })]);
    expect(web.callees).toEqual([expect.objectContaining({ service: oddName, calls: 60, errors: 0 })]);
    expect(Math.abs((web.callees[0]?.p95Ms ?? 0) / 40 - 1)).toBeLessThan(0.046);
    const odd = await get(serviceNeighboursResponse, path('neighbours', oddName));
    expect(odd.callers).toEqual([expect.objectContaining({ service: 'web', calls: 60 })]);
    expect(odd.callees).toEqual([]);
  });

  it('has its calls from outside over time', async () => {
    const { stepMs, steps } = await get(serviceHistoryResponse, path('history', oddName));
    expect(stepMs).toBe(minuteMs);
    expect(steps.reduce((sum, { calls }) => sum + calls, 0)).toBe(60);
    expect(steps[0]).toMatchObject({ calls: 3, errors: 0 });
    expect(Math.abs((steps[0]?.p50Ms ?? 0) / 40 - 1)).toBeLessThan(0.046);
    expect(steps.every(({ seconds }) => seconds === 60)).toBe(true);
    // A step that is not over has fewer seconds, and is left out while these are too few for a rate.
    const until = async (second: number) => {
      const to = String(BigInt(startMs + 18 * minuteMs + second * 1_000) * ms);
      const from = String(BigInt(startMs - 10 * minuteMs) * ms);
      return (await get(serviceHistoryResponse, path('history', oddName, { from, to }))).steps;
    };
    expect((await until(40)).at(-1)).toMatchObject({ seconds: 40, calls: 2 });
    expect(await until(20)).toHaveLength(18);
    const failed = await get(serviceHistoryResponse, path('history', 'web'));
    expect(failed.steps.reduce((sum, { errors }) => sum + errors, 0)).toBe(8);
  });

  it('has its versions with the time of their first span', async () => {
    const { versions } = await get(serviceVersionsResponse, path('versions', 'web'));
    expect(versions).toEqual([
      { version: '1.0', firstSeenUnixNano: String(requests[0]?.web.startTimeUnixNano), isNew: false },
      { version: '2.0', firstSeenUnixNano: String(requests[40]?.web.startTimeUnixNano), isNew: true },
    ]);
    const later = `${(requests[45]?.web.startTimeUnixNano ?? 0n) - ms}`;
    expect(await get(serviceVersionsResponse, path('versions', 'web', { from: later }))).toEqual({
      versions: [{ version: '2.0', firstSeenUnixNano: String(requests[45]?.web.startTimeUnixNano), isNew: false }],
    });
  });

  it('groups its errors by exception type and message, otherwise by the message of the status', async () => {
    const { groups, ...totals } = await get(serviceErrorsResponse, path('errors', 'web'));
    expect(totals).toEqual({ groupCount: 2, failedSpans: 8, readSpans: 8 });
    // Requests 29 and 59 have both: the status of the later condition, and the exception.
    const of = (indexes: readonly number[]) => ({
      spans: indexes.length,
      firstSeenUnixNano: String(requests[indexes[0] ?? 0]?.web.startTimeUnixNano),
      lastSeenUnixNano: String(requests[indexes.at(-1) ?? 0]?.web.startTimeUnixNano),
      example: {
        traceId: ((indexes.at(-1) ?? 0) + 1).toString(16).padStart(32, '0'),
        spanId: (((indexes.at(-1) ?? 0) + 1) * 16 + 1).toString(16).padStart(16, '0'),
        operation: 'GET /',
      },
    });
    expect(groups).toEqual([
      { type: 'TypeError', message: 'x is not a function', ...of([9, 19, 29, 39, 49, 59]) },
      { type: null, message: 'upstream failed', ...of([14, 44]) },
    ]);
    expect(await get(serviceErrorsResponse, path('errors', oddName))).toEqual({
      groups: [],
      groupCount: 0,
      failedSpans: 0,
      readSpans: 0,
    });
  });

  it('reads only the spans of the range', async () => {
    const to = `${requests[20]?.web.startTimeUnixNano}`;
    const { groups } = await get(serviceErrorsResponse, path('errors', 'web', { to }));
    expect(groups.map(({ message, spans }) => [message, spans])).toEqual([
      ['x is not a function', 2],
      ['upstream failed', 1],
    ]);
    expect(await get(serviceOperationsResponse, path('operations', 'web', { from: '0', to: '1' }))).toEqual({
      operations: [],
      operationCount: 0,
    });
  });

  it.each(['operations', 'neighbours', 'history', 'versions', 'errors'])(
    '%s answers for an unknown service and for all time, and refuses a request without a service',
    async (what) => {
      for (const service of ['no such service', '', '__proto__', '\0']) {
        const response = await fetch(
          `${store.url}/api/services/${what}?${new URLSearchParams({ service }).toString()}`,
        );
        expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
      }
      const all = await fetch(`${store.url}/api/services/${what}?service=web`);
      expect([all.status, await all.text()]).toEqual([200, expect.stringMatching(/./)]);
      const response = await fetch(`${store.url}/api/services/${what}`);
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('service')]);
    },
  );

  it('the traffic of the last day has each service with its spans over time', async () => {
    const { services, stepMs } = await get(trafficResponse, 'system/traffic');
    expect(services.map(({ service, spans }) => [service, spans])).toEqual([
      [oddName, 120],
      ['web', 60],
    ]);
    expect(stepMs).toBe(minuteMs);
    expect(services[1]?.steps.reduce((sum, { spans }) => sum + spans, 0)).toBe(60);
    expect(services[1]?.steps.every(({ seconds }) => seconds === 60)).toBe(true);
  });
});
