import { once } from 'node:events';
import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { RandomRequests } from '@spandrel/testing/random-request';
import { attribute, fullRequest, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans } from '@spandrel/testing/stored-spans';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { KeyValueSchema } from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from '../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import type { TracesData } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { resourceRow } from '../transcode/reference-transcode.js';
import { Capabilities } from '../gen/storage/v2/capabilities_pb.js';
import { DependencyReader } from '../gen/storage/v2/dependency_storage_pb.js';
import { TraceReader, type TraceQueryParametersSchema } from '../gen/storage/v2/trace_storage_pb.js';
import type { CallSchema } from '../gen/expression/v1/expression_pb.js';

let fresh: FreshDatabase;
let store: RunningTracestore;
let jaeger: GrpcClient;

const second = 1_000_000_000n;
const noon = 1_700_000_000n * second;
const { method } = TraceReader;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url, { queryConnections: 2 });
  jaeger = new GrpcClient(store.jaegerAddress);
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await fresh.drop();
});

async function send(request: ExportTraceServiceRequest): Promise<void> {
  await sendGrpc(store.jaegerAddress, encodeProtobuf(request));
}

function traceIdsOf({ resourceSpans }: ExportTraceServiceRequest | TracesData): readonly string[] {
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return [...new Set(spans.map(({ traceId }) => Buffer.from(traceId).toString('hex')))];
}

function requested(...traceIds: readonly string[]) {
  return { query: traceIds.map((traceId) => ({ traceId: hexBytes(traceId) })) };
}

function together(chunks: readonly TracesData[]): ExportTraceServiceRequest {
  return create(ExportTraceServiceRequestSchema, { resourceSpans: chunks.flatMap((chunk) => chunk.resourceSpans) });
}

/** Sets the service names as searches use them, also if none was sent or it was not a text. */
function withServiceNames(request: ExportTraceServiceRequest): ExportTraceServiceRequest {
  const named = clone(ExportTraceServiceRequestSchema, request);
  for (const resourceSpans of named.resourceSpans) {
    const { serviceName } = resourceRow(resourceSpans.resource, '', 'resource_spans[0]');
    const resource = (resourceSpans.resource ??= create(ResourceSchema));
    const value = { value: { case: 'stringValue' as const, value: serviceName } };
    resource.attributes = [
      ...resource.attributes.filter(({ key }) => key !== 'service.name'),
      create(KeyValueSchema, { key: 'service.name', value }),
    ];
  }
  return named;
}

/** Makes a trace with one span from a number. */
function trace(number: number, over: SpanInit = {}): SpanInit {
  return goodSpan({
    traceId: hexBytes(number.toString(16).padStart(32, '0')),
    spanId: hexBytes((number * 100).toString(16).padStart(16, '0')),
    startTimeUnixNano: noon + BigInt(number) * second,
    endTimeUnixNano: noon + BigInt(number + 1) * second,
    ...over,
  });
}

describe('a trace over storage v2', () => {
  it.each([1, 2, 3, 4])(
    'comes back as it was sent, with the name of its service, whatever it holds (seed %i)',
    async (seed) => {
      const requests = new RandomRequests(seed);
      for (const request of [fullRequest(), requests.next(), requests.next(), requests.next()]) {
        await send(request);
        const ids = traceIdsOf(request);
        const chunks = await jaeger.streaming(method.getTraces, requested(...ids));
        expect(expectedSpans(together(chunks))).toEqual(expectedSpans(withServiceNames(request)));
        expect(chunks.flatMap(traceIdsOf)).toEqual(ids);
      }
    },
  );

  it('is split into messages below the limit of clients if it is large', async () => {
    const ids = ['0b', '0c'].map((digits) => digits.repeat(16));
    const value = 'x'.repeat(20_000);
    const spans = Array.from({ length: 700 }, (_, n) =>
      goodSpan({ traceId: hexBytes(ids[n % 2] ?? ''), attributes: [text('value', value)] }),
    );
    await send(requestOf(spans));
    const chunks = await jaeger.streaming(method.getTraces, requested(...ids, 'ee'.repeat(16)));
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.map(traceIdsOf).filter((its) => its.length !== 1)).toEqual([]);
    expect(chunks.flatMap(traceIdsOf).filter((id, n, all) => id !== all[n - 1])).toEqual(ids);
    expect(expectedSpans(together(chunks))).toEqual(expectedSpans(requestOf(spans)));
  });

  it('has an empty response if it is unknown, and is refused without an id', async () => {
    expect(await jaeger.streaming(method.getTraces, requested('dd'.repeat(16)))).toEqual([]);
    await expect(jaeger.streaming(method.getTraces, requested('dd'))).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'query[0].trace_id has 1 bytes instead of 16',
    });
  });

  it('is found with approximate times, as Jaeger sends them', async () => {
    const sent = requestOf([trace(0xfeed)]);
    await send(sent);
    const [traceId = ''] = traceIdsOf(sent);
    const from = (ms: number) =>
      jaeger.streaming(method.getTraces, {
        query: [{ traceId: hexBytes(traceId), startTime: timestampFromMs(ms), endTime: timestampFromMs(ms + 1) }],
      });
    const startMs = Number(noon / 1_000_000n) + 0xfeed * 1000;
    expect(await from(startMs + 60_000)).toHaveLength(1);
    expect(await from(startMs + 7_200_000)).toHaveLength(0);
  });
});

describe('services and operations over storage v2', () => {
  it('are those of spans, with kinds as words', async () => {
    await send(
      requestOf(
        [trace(1, { name: 'a', kind: 2 }), trace(2, { name: 'a', kind: 3 }), trace(3, { name: 'b', kind: 0 })],
        'kinds',
      ),
    );
    expect((await jaeger.unary(method.getServices, {})).services).toContain('kinds');
    const operations = async (spanKind: string) =>
      (await jaeger.unary(method.getOperations, { service: 'kinds', spanKind })).operations.map(
        (operation) => `${operation.name} ${operation.spanKind}`,
      );
    expect(await operations('')).toEqual(['a server', 'a client', 'b ']);
    expect(await operations('client')).toEqual(['a client']);
    expect(await operations('SERVER')).toEqual(['a server']);
    expect(await operations('nonsense')).toEqual([]);
  });
});

describe('a search over storage v2', () => {
  const int = (value: bigint) => ({ case: 'intValue' as const, value });
  const string = (value: string) => ({ case: 'stringValue' as const, value });

  beforeAll(async () => {
    await send(
      requestOf(
        [
          trace(0x101, { attributes: [attribute('n', int(5n))], status: { code: 2 }, kind: 2 }),
          trace(0x102, { attributes: [attribute('n', { case: 'doubleValue', value: 5 })], kind: 3 }),
          trace(0x103, { attributes: [text('n', '5')], events: [{ name: 'e', attributes: [text('in', 'event')] }] }),
          trace(0x104, {
            links: [{ traceId: hexBytes('01'.repeat(16)), attributes: [text('in', 'link')] }],
            endTimeUnixNano: noon + 0x200n * second,
          }),
        ],
        'search',
      ),
    );
    const scoped = requestOf([trace(0x105)], 'search');
    const [resourceSpans] = scoped.resourceSpans;
    const [scopeSpans] = resourceSpans?.scopeSpans ?? [];
    if (resourceSpans?.resource === undefined || scopeSpans === undefined) throw new Error('an empty request');
    const made = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        {
          resource: { attributes: [text('service.name', 'search'), text('in', 'resource')] },
          scopeSpans: [
            { scope: { name: 'lib', version: '2', attributes: [text('in', 'scope')] }, spans: scopeSpans.spans },
          ],
        },
      ],
    });
    await send(made);
  });

  type Query = MessageInitShape<typeof TraceQueryParametersSchema>;
  type Call = MessageInitShape<typeof CallSchema>;

  async function find(query: Query): Promise<readonly number[]> {
    const whole = { serviceName: query.filter === undefined ? 'search' : '', searchDepth: 10, ...query };
    const found = await jaeger.streaming(method.findTraces, { query: whole });
    const numbers = found.flatMap(traceIdsOf).map((id) => Number.parseInt(id, 16));
    const { traceIds } = await jaeger.unary(method.findTraceIDs, { query: whole });
    expect(traceIds.map(({ traceId }) => Number.parseInt(Buffer.from(traceId).toString('hex'), 16))).toEqual(numbers);
    return numbers.map((number) => number - 0x100);
  }

  async function findFilter(filter: Call): Promise<readonly number[]> {
    const ofService: Call = {
      op: 'eq',
      args: [
        { term: { case: 'scalar', value: { value: 'search' } } },
        { term: { case: 'field', value: { level: 'resource', name: 'service' } } },
      ],
    };
    return find({
      filter: {
        op: 'and',
        args: [ofService, filter].map((value) => ({ term: { case: 'call' as const, value } })),
      },
    });
  }

  it('compares attributes by type, and a text with values of any type', async () => {
    expect(await find({ attributes: [{ key: 'n', value: { value: int(5n) } }] })).toEqual([1]);
    expect(await find({ attributes: [{ key: 'n', value: { value: { case: 'doubleValue', value: 5 } } }] })).toEqual([
      2,
    ]);
    expect(await find({ attributes: [{ key: 'n', value: { value: string('5') } }] })).toEqual([3, 2, 1]);
    expect(await find({ attributes: [{ key: 'n', value: { value: { case: 'boolValue', value: true } } }] })).toEqual(
      [],
    );
  });

  it.each([
    ['event', [3]],
    ['link', [4]],
    ['resource', [5]],
    ['scope', [5]],
  ])('looks for attributes at the %s', async (value, expected) => {
    expect(await find({ attributes: [{ key: 'in', value: { value: string(value) } }] })).toEqual(expected);
  });

  it.each<readonly [string, string, readonly number[]]>([
    ['error', 'true', [1]],
    ['error', 'false', [5, 4, 3, 2]],
    ['error', 'perhaps', []],
    ['span.status', 'ERROR', [1]],
    ['span.kind', 'client', [2]],
    ['scope.name', 'lib', [5]],
    ['scope.version', '2', [5]],
    ['resource.in', 'resource', [5]],
    ['resource.in', 'scope', []],
  ])('knows what %s=%s means', async (key, value, expected) => {
    expect(await find({ attributes: [{ key, value: { value: string(value) } }] })).toEqual(expected);
  });

  it('has conditions on operation, duration and time, a limit, and the newest first', async () => {
    expect(await find({ durationMin: { seconds: 2n } })).toEqual([4]);
    expect(await find({ durationMax: { seconds: 1n } })).toEqual([5, 3, 2, 1]);
    expect(await find({ searchDepth: 2 })).toEqual([5, 4]);
    const at = (number: number) => timestampFromMs(Number(noon / 1_000_000n) + (0x100 + number) * 1000);
    expect(await find({ startTimeMin: at(2), startTimeMax: at(3) })).toEqual([3, 2]);
    // Go's zero time.
    expect(await find({ startTimeMin: at(5), startTimeMax: { seconds: -62_135_596_800n } })).toEqual([5]);
  });

  it('finds traces of all services if none is given', async () => {
    expect(await find({ serviceName: '', attributes: [{ key: 'in', value: { value: string('link') } }] })).toEqual([4]);
  });

  it('accepts structured filters with constants on either side', async () => {
    const attr = (key: string, level = '') => ({ term: { case: 'attr' as const, value: { key, level } } });
    const scalar = (value: string, type = '') => ({ term: { case: 'scalar' as const, value: { value, type } } });
    const field = (level: string, name: string) => ({ term: { case: 'field' as const, value: { level, name } } });
    const call = (value: Call) => ({ term: { case: 'call' as const, value } });
    expect(await findFilter({ op: 'eq', args: [attr('n'), scalar('5', 'int')] })).toEqual([1]);
    expect(await findFilter({ op: 'eq', args: [attr('n'), scalar('5')] })).toEqual([3, 2, 1]);
    expect(await findFilter({ op: 'lt', args: [scalar('2s'), field('span', 'duration')] })).toEqual([4]);
    expect(await findFilter({ op: 'exists', args: [attr('in', 'event')] })).toEqual([3]);
    expect(await findFilter({ op: 'exists', args: [attr('in')] })).toEqual([5]);
    expect(await findFilter({ op: 'not', args: [call({ op: 'exists', args: [attr('n')] })] })).toEqual([5, 4]);
    const values = { term: { case: 'list' as const, value: { values: ['error', 'ok'] } } };
    expect(await findFilter({ op: 'in', args: [field('span', 'status'), values] })).toEqual([1]);
    const event = { term: { case: 'nested' as const, value: { level: 'event' } } };
    const isEvent = call({ op: 'eq', args: [field('event', 'name'), scalar('e')] });
    expect(await findFilter({ op: 'some', args: [event, isEvent] })).toEqual([3]);
    const after = '2023-11-14T22:17:40.5Z';
    expect(await findFilter({ op: 'gt', args: [field('span', 'startTime'), scalar(after)] })).toEqual([5]);
  });

  it.each<readonly [string, Call, string]>([
    ['no operator', { op: 'phrase', args: [] }, 'filter.args[1] has the operator "phrase", which is not known here'],
    [
      'no field',
      { op: 'exists', args: [{ term: { case: 'field', value: { level: 'span', name: 'color' } } }] },
      'filter.args[1].args[0] has the field "span.color", which is not known',
    ],
    [
      'two references',
      {
        op: 'eq',
        args: ['startTime', 'endTime'].map((name) => ({
          term: { case: 'field' as const, value: { level: 'span', name } },
        })),
      },
      'filter.args[1].args[1] should be a constant',
    ],
    [
      'no duration',
      {
        op: 'gt',
        args: [
          { term: { case: 'field', value: { level: 'span', name: 'duration' } } },
          { term: { case: 'scalar', value: { value: 'long' } } },
        ],
      },
      'filter.args[1].args[1] should be a duration such as 1.5s, but is "long"',
    ],
  ])('refuses a filter with %s, saying where', async (_what, filter, message) => {
    await expect(findFilter(filter)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(message) as string,
    });
  });

  it('refuses invalid conditions', async () => {
    await expect(find({ searchDepth: 20_000 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(find({ filter: { op: 'and' }, serviceName: 'x' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await expect(jaeger.unary(method.findTraceIDs, {})).rejects.toMatchObject({ details: 'query is missing' });
    await expect(jaeger.streaming(method.findTraces, { query: { pagination: { pageSize: 1 } } })).rejects.toMatchObject(
      { code: status.INVALID_ARGUMENT },
    );
  });

  it('returns pages if they are requested', async () => {
    const found: number[] = [];
    let pageToken = '';
    do {
      const query = { serviceName: 'search', pagination: { pageSize: 2, pageToken } };
      const page = await jaeger.streaming(method.findTraceSummaries, { query });
      found.push(...page.flatMap(({ summaries }) => summaries.map(({ traceId }) => traceId.at(-1) ?? 0)));
      pageToken = page.at(-1)?.nextPageToken ?? '';
      const { nextPageToken } = await jaeger.unary(method.findTraceIDs, { query });
      expect(nextPageToken).toBe(pageToken);
    } while (pageToken !== '');
    expect(found).toEqual([5, 4, 3, 2, 1]);
  });

  it('returns summaries', async () => {
    const [answer] = await jaeger.streaming(method.findTraceSummaries, {
      query: { serviceName: 'search', attributes: [{ key: 'error', value: { value: string('true') } }] },
    });
    expect(answer?.nextPageToken).toBe('');
    expect(answer?.summaries).toMatchObject([
      {
        rootServiceName: 'search',
        minStartTimeUnixNano: noon + 0x101n * second,
        maxEndTimeUnixNano: noon + 0x102n * second,
        spanCount: 1,
        errorSpanCount: 1,
        orphanSpanCount: 0,
        services: [{ name: 'search', spanCount: 1, errorSpanCount: 1 }],
      },
    ]);
  });
});

describe('dependencies over storage v2', () => {
  it('are calls between and within services whose parent is stored', async () => {
    const ids = { traceId: hexBytes('0d'.repeat(16)) };
    const spanId = (n: number) => hexBytes(n.toString(16).padStart(16, '0'));
    await send(requestOf([trace(1, { ...ids, spanId: spanId(0xa1) })], 'caller'));
    await send(
      requestOf(
        [
          trace(1, { ...ids, spanId: spanId(0xa2), parentSpanId: spanId(0xa1) }),
          trace(1, { ...ids, spanId: spanId(0xa3), parentSpanId: spanId(0xa2) }),
          trace(1, { ...ids, spanId: spanId(0xa4), parentSpanId: spanId(0xff) }),
        ],
        'callee',
      ),
    );
    const ask = async () => {
      const { dependencies } = await jaeger.unary(DependencyReader.method.getDependencies, {
        startTime: timestampFromMs(Number(noon / 1_000_000n)),
        endTime: timestampFromMs(Number(noon / 1_000_000n) + 60_000),
      });
      return dependencies.map(({ parent, child, callCount }) => `${parent} ${child} ${callCount}`);
    };
    await expect.poll(ask, { timeout: 30_000, interval: 500 }).toEqual(['callee callee 1', 'caller callee 1']);
  });
});

describe('capabilities over storage v2', () => {
  it('are listed', async () => {
    const { search } = await jaeger.unary(Capabilities.method.getCapabilities, {});
    expect(search).toMatchObject({
      withoutServiceName: true,
      sameSpanConjunction: true,
      paginated: true,
      spanSearch: false,
      filter: { levels: ['span', 'resource', 'scope', 'event', 'link'] },
    });
    await expect(jaeger.streaming(method.findSpans, {})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

describe('a query that runs in the database', () => {
  /** Queries wait for this table until the lock is released. */
  async function lockOperations(): Promise<pg.Client> {
    const client = new pg.Client(fresh.url);
    await client.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE tracestore.operation IN ACCESS EXCLUSIVE MODE');
    return client;
  }

  async function waiting(): Promise<number> {
    const rows = await queryOnce<{ n: string }>(
      fresh.url,
      `SELECT count(*) AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'tracestore query' AND state = 'active'`,
    );
    return Number(rows[0]?.n);
  }

  it('ends with its deadline, also in the database', async () => {
    const lock = await lockOperations();
    try {
      await expect(jaeger.unary(method.getServices, {}, { deadline: Date.now() + 300 })).rejects.toMatchObject({
        code: status.DEADLINE_EXCEEDED,
      });
      await expect.poll(waiting, { timeout: 5_000 }).toBe(0);
    } finally {
      await lock.end();
    }
    expect((await jaeger.unary(method.getServices, {})).services.length).toBeGreaterThan(0);
  });

  it('ends when the client cancels it', async () => {
    const lock = await lockOperations();
    try {
      const call = jaeger.client.makeUnaryRequest(
        '/jaeger.storage.v2.TraceReader/GetServices',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        () => undefined,
      );
      await expect.poll(waiting, { timeout: 5_000 }).toBe(1);
      call.cancel();
      await expect.poll(waiting, { timeout: 5_000 }).toBe(0);
    } finally {
      await lock.end();
    }
  });

  it('releases its connection if the client does not read the whole response', async () => {
    const traceId = '0e'.repeat(16);
    const value = 'x'.repeat(5_000);
    const spans = Array.from({ length: 2_000 }, () =>
      goodSpan({ traceId: hexBytes(traceId), attributes: [text('value', value)] }),
    );
    await send(requestOf(spans));
    for (let n = 0; n < 6; n += 1) {
      for await (const chunk of jaeger.bytes(method.getTraces, requested(traceId))) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    const chunks = await jaeger.streaming(method.getTraces, requested(traceId));
    expect(chunks.reduce((sum, chunk) => sum + (chunk.resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0), 0)).toBe(
      2_000,
    );
  });
});

describe('the shutdown of the process', () => {
  it('waits for responses in flight', async () => {
    const ending = await startTracestore(fresh.url);
    const client = new GrpcClient(ending.jaegerAddress);
    const lock = new pg.Client(fresh.url);
    await lock.connect();
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE tracestore.operation IN ACCESS EXCLUSIVE MODE');
    const answer = client.unary(method.getServices, {});
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    const stopped = ending.stop();
    await lock.query('COMMIT');
    const ended = once(lock, 'end');
    await lock.end();
    await ended;
    await expect(answer).resolves.toHaveProperty('services');
    client.close();
    await stopped;
  });
});
