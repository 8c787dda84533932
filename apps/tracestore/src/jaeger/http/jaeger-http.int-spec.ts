import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

let fresh: FreshDatabase;
let store: RunningTracestore;

const noon = 1_700_000_000_000_000_000n;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${store.url}/jaeger${path}`);
  return { status: response.status, body: await response.json() };
}

async function send(spans: readonly SpanInit[], service: string): Promise<void> {
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans, service)));
}

describe('a trace over HTTP', () => {
  beforeAll(async () => {
    await send(
      [
        goodSpan({
          traceId: hexBytes('000000000000000000000000000000ab'),
          spanId: hexBytes('00000000000000cd'),
          name: 'GET "/"',
          startTimeUnixNano: noon + 1_999n,
          endTimeUnixNano: noon + 3_000_001n,
          attributes: [
            attribute('big', { case: 'intValue', value: 2n ** 60n }),
            attribute('nan', { case: 'doubleValue', value: NaN }),
            text('words', 'a'),
          ],
          status: { code: 2, message: 'bad' },
        }),
      ],
      'one',
    );
  });

  it('is returned repeatedly on one connection, without leaked listeners', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let n = 0; n < 15; n++) {
        const answer = await new Promise<IncomingMessage>((resolve, reject) => {
          request(`${store.url}/jaeger/api/traces/AB`, { agent }, resolve).on('error', reject).end();
        });
        expect(answer.statusCode).toBe(200);
        await once(answer.resume(), 'end');
      }
      await setImmediate();
    } finally {
      process.off('warning', note);
      agent.destroy();
    }
    expect(warnings).toEqual([]);
  });

  it('has the form of older UIs, with short ids and times in microseconds', async () => {
    expect(await get('/api/traces/AB')).toEqual({
      status: 200,
      body: {
        data: [
          {
            traceID: '00000000000000ab',
            spans: [
              {
                traceID: '00000000000000ab',
                spanID: '00000000000000cd',
                operationName: 'GET "/"',
                references: [],
                startTime: 1_700_000_000_000_001,
                duration: 2_998,
                tags: [
                  { key: 'big', type: 'int64', value: '1152921504606846976' },
                  { key: 'nan', type: 'float64', value: 'NaN' },
                  { key: 'words', type: 'string', value: 'a' },
                  { key: 'span.kind', type: 'string', value: 'server' },
                  { key: 'otel.status_code', type: 'string', value: 'ERROR' },
                  { key: 'error', type: 'bool', value: true },
                  { key: 'otel.status_description', type: 'string', value: 'bad' },
                ],
                logs: [],
                processID: 'p1',
                warnings: null,
              },
            ],
            processes: { p1: { serviceName: 'one', tags: [] } },
            warnings: null,
          },
        ],
        total: 0,
        limit: 0,
        offset: 0,
        errors: null,
      },
    });
  });

  it('is also found by base64 in the newer API', async () => {
    const base64 = Buffer.from('000000000000000000000000000000ab', 'hex').toString('base64');
    const { status, body } = await get(`/api/v3/traces/${encodeURIComponent(base64)}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      result: {
        resourceSpans: [
          {
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: '000000000000000000000000000000ab',
                    attributes: [
                      { key: 'big', value: { intValue: '1152921504606846976' } },
                      { key: 'nan', value: { doubleValue: 'NaN' } },
                      { key: 'words', value: { stringValue: 'a' } },
                    ],
                    startTimeUnixNano: '1700000000000001999',
                    status: { code: 2, message: 'bad' },
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it('that is missing among others is listed as an error', async () => {
    const { status, body } = await get('/api/traces?traceID=ab&traceID=ff');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: [{ traceID: '00000000000000ab' }],
      errors: [{ msg: 'trace not found', traceID: '00000000000000ff' }],
    });
  });
});

describe('a search over HTTP', () => {
  beforeAll(async () => {
    await send(
      [1, 2, 3].map((n) =>
        goodSpan({
          traceId: hexBytes(n.toString(16).padStart(32, '1')),
          startTimeUnixNano: noon + BigInt(n) * 1_000_000_000n,
          endTimeUnixNano: noon + BigInt(n) * 2_000_000_000n,
          attributes: [attribute('n', { case: 'intValue', value: BigInt(n) })],
        }),
      ),
      'search',
    );
  });

  const range = 'query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T22:14:20Z';
  const summaries = async (parameters: string): Promise<readonly number[]> => {
    const { body } = await get(`/api/v3/trace-summaries?${range}&${parameters}`);
    return (body as { summaries: { traceId: string }[] }).summaries.map(({ traceId }) => Number(traceId.at(-1)));
  };

  it('returns summaries, by either name of each parameter', async () => {
    expect(await summaries('query.serviceName=search')).toEqual([3, 2, 1]);
    expect(await summaries('query.service_name=search&query.search_depth=1')).toEqual([3]);
    expect(await summaries('query.serviceName=search&query.attributes={"n":"2"}')).toEqual([2]);
    expect(await summaries('query.serviceName=search&query.durationMin=1.5s&query.duration_max=2.5s')).toEqual([2]);
    expect(await summaries('query.serviceName=nobody')).toEqual([]);
    const filter = encodeURIComponent(
      JSON.stringify({ op: 'eq', args: [{ attr: { key: 'n' } }, { scalar: { value: '3', type: 'int' } }] }),
    );
    expect(await summaries(`query.filter=${filter}`)).toEqual([3]);
  });

  it('accepts tags as single parameters and as an object', async () => {
    const ids = async (parameters: string) => {
      const { body } = await get(
        `/api/traces?service=search&start=1699999999000000&end=1700000060000000&${parameters}`,
      );
      return (body as { data: { traceID: string }[] }).data.map(({ traceID }) => Number(traceID.at(-1)));
    };
    expect(await ids('tag=n:1')).toEqual([1]);
    expect(await ids('tag=n:1&tags={"n":"3"}')).toEqual([3]);
    expect(await ids('limit=2')).toEqual([3, 2]);
  });

  it.each<readonly [string, string]>([
    ['/api/traces?service=a&limit=many', "parameter 'limit' should be a whole number"],
    ['/api/traces?service=a&limit=20000', 'the search depth should be from 1 to 10000, but is 20000'],
    ['/api/traces?service=a&minDuration=2s&maxDuration=1s', "should be greater than 'minDuration'"],
    ['/api/traces?service=a&tag=x', "parameter 'tag' should be key:value"],
    ['/api/traces?service=a&tags=[]', "parameter 'tags' should be a JSON object of strings"],
    ['/api/metrics/calls', "parameter 'service' is required"],
    ['/api/metrics/calls?service=a&spanKind=strange', 'parameter \'spanKind\' is "strange", which is not known'],
    ['/api/metrics/latencies?service=a&quantile=2', "parameter 'quantile' should be a number from 0 to 1"],
    ['/api/metrics/calls?service=a&lookback=999999999999', 'more than 11000 points'],
  ])('refuses %s', async (path, message) => {
    const { status, body } = await get(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      data: null,
      errors: [{ code: 400, msg: expect.stringContaining(message) as string }],
    });
  });

  it.each<readonly [string, string]>([
    ['/api/v3/traces', 'query.startTimeMin and query.startTimeMax are required'],
    [`/api/v3/traces?${range}&query.filter={}`, 'filter has the operator "", which is not known here'],
    [`/api/v3/traces?${range}&query.filter=x`, "parameter 'query.filter' is no filter"],
    ['/api/v3/traces?query.startTimeMin=now&query.startTimeMax=2023-11-14T22:14:20Z', 'should be a time in RFC 3339'],
    ['/api/v3/traces/zz', "parameter 'trace_id' should be hex digits or base64"],
  ])('refuses %s as newer clients read it', async (path, message) => {
    const { status, body } = await get(path);
    expect(status).toBe(400);
    expect(body).toEqual({ error: { httpCode: 400, message: expect.stringContaining(message) as string } });
  });
});

describe('the monitor', () => {
  interface Call {
    readonly startMs: number;
    readonly durationMs: number;
    readonly isError: boolean;
    readonly operation: string;
  }

  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  const calls: readonly Call[] = Array.from({ length: 900 }, (_, n) => ({
    startMs: endMs - 1_800_000 + ((n * 7_919) % 1_800) * 1_000,
    durationMs: 1 + ((n * 31) % 97) * ((n % 5) + 1),
    isError: n % 7 === 0,
    operation: n % 3 === 0 ? 'a' : 'b',
  }));

  beforeAll(async () => {
    const spanOf = (call: Call, kind: number): SpanInit =>
      goodSpan({
        traceId: hexBytes(crypto.randomUUID().replaceAll('-', '')),
        name: call.operation,
        kind,
        startTimeUnixNano: BigInt(call.startMs) * 1_000_000n,
        endTimeUnixNano: BigInt(call.startMs + call.durationMs) * 1_000_000n,
        status: { code: call.isError ? 2 : 0 },
      });
    await send(
      calls.map((call) => spanOf(call, 2)),
      'monitored',
    );
    // Spans of another kind and of another service, which must not count.
    await send(
      calls.map((call) => spanOf(call, 3)),
      'monitored',
    );
    await send(
      calls.slice(0, 100).map((call) => spanOf(call, 2)),
      'other',
    );
    const calledBefore = before(endMs, '').length;
    await vi.waitUntil(async () => Math.round(((await figures('calls', '')).at(-1)?.[2] ?? 0) * 300) === calledBefore, {
      timeout: 40_000,
      interval: 1_000,
    });
  });

  /** @returns points as [operation, time in ms, value] */
  async function figures(measure: string, more: string): Promise<readonly (readonly [string, number, number])[]> {
    const { status, body } = await get(
      `/api/metrics/${measure}?service=monitored&endTs=${endMs}&lookback=1500000&step=60000&ratePer=300000${more}`,
    );
    expect(status).toBe(200);
    const { metrics } = body as {
      metrics: {
        labels: { name: string; value: string }[];
        metricPoints: { gaugeValue: { doubleValue: number }; timestamp: string }[];
      }[];
    };
    return metrics.flatMap(({ labels, metricPoints }) => {
      expect(labels).toContainEqual({ name: 'service_name', value: 'monitored' });
      const operation = labels.find(({ name }) => name === 'operation')?.value ?? '';
      return metricPoints.map(
        ({ gaugeValue, timestamp }) => [operation, Date.parse(timestamp), gaugeValue.doubleValue] as const,
      );
    });
  }

  /** @returns the spans that started in the five minutes before a point */
  function before(timeMs: number, operation: string): readonly Call[] {
    return calls.filter(
      (call) =>
        call.startMs >= timeMs - 300_000 && call.startMs < timeMs && (operation === '' || call.operation === operation),
    );
  }

  it.each(['', '&groupByOperation=true'])(
    'gives rates and shares of errors as the spans have them (%s)',
    async (more) => {
      const rates = await figures('calls', more);
      expect(rates).toHaveLength(more === '' ? 26 : 52);
      for (const [operation, timeMs, value] of rates) {
        expect(value).toBeCloseTo(before(timeMs, operation).length / 300, 9);
      }
      const errors = await figures('errors', more);
      expect(errors).toHaveLength(more === '' ? 26 : 52);
      for (const [operation, timeMs, value] of errors) {
        const some = before(timeMs, operation);
        expect(value).toBeCloseTo(some.filter(({ isError }) => isError).length / some.length, 9);
      }
    },
  );

  it.each([0.5, 0.75, 0.95, 0.99])(
    'gives the %d quantile of durations, as near as its classes allow',
    async (quantile) => {
      const latencies = await figures('latencies', `&quantile=${quantile}&groupByOperation=true`);
      expect(latencies).toHaveLength(52);
      for (const [operation, timeMs, value] of latencies) {
        const durations = before(timeMs, operation)
          .map(({ durationMs }) => durationMs)
          .toSorted((left, right) => left - right);
        const exact = durations[Math.max(Math.ceil(quantile * durations.length), 1) - 1] ?? Number.NaN;
        expect(Math.abs(value - exact) / exact).toBeLessThan(0.0451);
      }
    },
  );

  it('reports its names and the minimum step', async () => {
    expect((await get(`/api/metrics/latencies?service=monitored&quantile=0.95&endTs=${endMs}`)).body).toMatchObject({
      name: 'service_latencies',
      type: 'GAUGE',
      help: '0.95th quantile latency, grouped by service',
    });
    expect((await get('/api/metrics/minstep')).body).toMatchObject({ data: 10_000 });
  });
});
