import { readdirSync, readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '../../../../test/fresh-database.js';
import { encodeProtobuf, sendGrpc } from '../../test/otlp-client.js';
import { hexBytes, type SpanInit, text } from '../../test/requests.js';
import { queryOnce, startTracestore } from '../../test/running-tracestore.js';
import { ExportTraceServiceRequestSchema } from '../otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const folder = new URL('../../../../dashboards/', import.meta.url);
const startOfTrace = (BigInt(Date.now()) - 120_000n) * 1_000_000n;
const millisecond = 1_000_000n;

let database: FreshDatabase;

/** A span of the one trace that all queries are asked about; times are milliseconds from its start. */
function span(id: number, parent: number, name: string, start: number, end: number, over: SpanInit = {}): SpanInit {
  const bytes = (n: number): Uint8Array<ArrayBuffer> => hexBytes(n === 0 ? '' : n.toString(16).padStart(16, '0'));
  return {
    traceId: hexBytes('0af7651916cd43dd8448eb211c80319c'),
    spanId: bytes(id),
    parentSpanId: bytes(parent),
    name,
    startTimeUnixNano: startOfTrace + BigInt(start) * millisecond,
    endTimeUnixNano: startOfTrace + BigInt(end) * millisecond,
    ...over,
  };
}

/**
 * frontend   GET /            0 ─────────────── 100
 * backend    POST /numbers      10 ──── 50
 * backend    POST /numbers           30 ─────────── 120   fails, and outlasts its caller
 * database   INSERT               20 ─ 40                 child of the first, with a child that ends before it starts
 */
const services: Readonly<Record<string, readonly SpanInit[]>> = {
  frontend: [span(1, 0, 'GET /', 0, 100)],
  backend: [span(2, 1, 'POST /numbers', 10, 50), span(3, 1, 'POST /numbers', 30, 120, { status: { code: 2 } })],
  database: [span(4, 2, 'INSERT', 20, 40), span(5, 4, 'backwards', 30, 25)],
};

beforeAll(async () => {
  database = await createFreshDatabase();
  const store = await startTracestore(database.url);
  const request = create(ExportTraceServiceRequestSchema, {
    resourceSpans: Object.entries(services).map(([service, spans]) => ({
      resource: { attributes: [text('service.name', service)] },
      scopeSpans: [{ spans: [...spans] }],
    })),
  });
  await sendGrpc(store.grpcAddress, encodeProtobuf(request));
  await store.stop();
});

afterAll(async () => {
  await database.drop();
});

/** The answer of the one query in a dashboard's folder. */
async function ask(dashboard: string): Promise<readonly Record<string, unknown>[]> {
  const files = readdirSync(new URL(`${dashboard}/`, folder)).filter((name) => name.endsWith('.sql'));
  expect(files).toHaveLength(1);
  return queryOnce(database.url, readFileSync(new URL(`${dashboard}/${files[0]}`, folder), 'utf8'));
}

describe('the query of dashboard', () => {
  it('01 counts requests, minute by minute', async () => {
    const rows = await ask('01-request-rate');
    expect(rows).toHaveLength(15);
    expect(rows.filter(({ requests }) => requests !== '0')).toEqual([
      {
        minute: new Date(Math.floor(Number(startOfTrace / millisecond) / 60_000) * 60_000),
        requests: '1',
        requests_per_second: '0.017',
      },
    ]);
  });

  it('02 finds the operations that fail', async () => {
    expect(await ask('02-error-rates')).toEqual([
      { service_name: 'backend', span_name: 'POST /numbers', calls: '2', errors: '1', error_percent: '50.00' },
    ]);
  });

  it('03 says how long requests take', async () => {
    expect(await ask('03-request-durations')).toMatchObject([
      { requests: '1', p50_ms: '100.000', p99_ms: '100.000', slowest_trace: '0af7651916cd43dd8448eb211c80319c' },
    ]);
  });

  it('04 says which service calls which', async () => {
    expect(await ask('04-service-dependencies')).toEqual([
      {
        source: 'frontend',
        target: 'backend',
        operation: 'POST /numbers',
        calls: '2',
        errors: '1',
        total_ms: '130.000',
        average_ms: '65.000',
      },
      {
        source: 'backend',
        target: 'database',
        operation: 'INSERT',
        calls: '1',
        errors: '0',
        total_ms: '20.000',
        average_ms: '20.000',
      },
    ]);
  });

  it('05 walks up to the callers', async () => {
    expect(await ask('05-upstream-spans')).toEqual([
      {
        caller_service: 'frontend',
        caller_operation: 'GET /',
        called_service: 'backend',
        called_operation: 'POST /numbers',
        distance: 1,
        calls: '2',
      },
    ]);
  });

  it('06 finds where the time goes, and never a negative time', async () => {
    expect(await ask('06-downstream-spans')).toMatchObject([
      // 20 + 90: the first call but for its INSERT, and the second
      {
        service_name: 'backend',
        span_name: 'POST /numbers',
        depth: 1,
        spans: '2',
        self_ms: '110.000',
        p50_self_ms: '55.000',
      },
      { service_name: 'database', span_name: 'INSERT', depth: 2, spans: '1', self_ms: '20.000' },
      // Until the first call, which the second outlasts
      { service_name: 'frontend', span_name: 'GET /', depth: 0, spans: '1', self_ms: '10.000' },
      { service_name: 'database', span_name: 'backwards', depth: 3, spans: '1', self_ms: '0.000' },
    ]);
  });
});
