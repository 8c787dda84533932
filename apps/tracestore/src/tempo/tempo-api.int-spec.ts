import { connect } from 'node:http2';
import { type DescMessage, fromBinary, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TracesDataSchema } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import {
  QueryInstantResponseSchema,
  QueryRangeResponseSchema,
  SearchResponseSchema,
  SearchTagsResponseSchema,
  SearchTagsV2ResponseSchema,
  SearchTagValuesResponseSchema,
  SearchTagValuesV2ResponseSchema,
  StreamingQuerier,
  TraceByIDResponseSchema,
} from '../gen/tempopb/tempo_pb.js';

const ms = 1_000_000n;
const noonS = 1_700_000_000;
const noon = BigInt(noonS) * 1_000_000_000n;
const traceId = '00000000000000000000000000000abc';
const range = `start=${noonS - 600}&end=${noonS + 600}`;

let fresh: FreshDatabase;
let store: RunningTracestore;
let grpc: GrpcClient;

function span(id: string, parent: string, name: string, over: SpanInit = {}): SpanInit {
  return goodSpan({
    traceId: hexBytes(traceId),
    spanId: hexBytes(id.padStart(16, '0')),
    parentSpanId: hexBytes(parent === '' ? '' : parent.padStart(16, '0')),
    name,
    startTimeUnixNano: noon,
    endTimeUnixNano: noon + 100n * ms,
    ...over,
  });
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  grpc = new GrpcClient(store.tempoAddress);
  const front = [
    span('1', '', 'GET /', {
      attributes: [
        text('http.route', '/'),
        attribute('http.status_code', { case: 'intValue', value: 500n }),
        attribute('ratio', { case: 'doubleValue', value: 0.5 }),
        attribute('cached', { case: 'boolValue', value: true }),
        text('odd/key "x"', 'found'),
      ],
      status: { code: 2, message: 'bad' },
      events: [{ timeUnixNano: noon + ms, name: 'exception', attributes: [text('exception.type', 'Timeout')] }],
      links: [
        { traceId: hexBytes('ab'.repeat(16)), spanId: hexBytes('cd'.repeat(8)), attributes: [text('why', 'queue')] },
      ],
    }),
    span('2', '1', 'render', { kind: 1, endTimeUnixNano: noon + 50n * ms }),
  ];
  const back = [
    span('3', '1', 'SELECT', { startTimeUnixNano: noon + 10n * ms, attributes: [text('db.system.name', 'pg')] }),
  ];
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(front, 'front')));
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(back, 'back')));
});

afterAll(async () => {
  grpc.close();
  await store.stop();
  await fresh.drop();
});

async function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`http://${store.tempoAddress}${path}`, { headers });
}

const asQuery = (q: string): string => `q=${encodeURIComponent(q)}`;

/** An answer that a strict parser takes: JSON as protobuf writes it, without other fields and with no default values. */
async function strict<Schema extends DescMessage>(path: string, schema: Schema): Promise<MessageShape<Schema>> {
  const response = await get(path);
  const body = await response.text();
  expect([
    path,
    response.status,
    response.headers.get('content-type')?.split(';')[0],
    response.status === 200 ? '' : body,
  ]).toEqual([path, 200, 'application/json', '']);
  const json = JSON.parse(body) as JsonValue;
  const message = fromJson(schema, json, { ignoreUnknownFields: false });
  expect(json).toEqual(toJson(schema, message));
  return message;
}

async function refused(path: string): Promise<readonly [number, string]> {
  const response = await get(path);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  return [response.status, await response.text()];
}

describe("Tempo's HTTP API", () => {
  it('says which Tempo it stands for', async () => {
    const info = (await (await get('/api/status/buildinfo')).json()) as { readonly version: string };
    expect(info.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Object.keys(info)).toEqual(['version', 'revision', 'branch', 'buildUser', 'buildDate', 'goVersion']);
  });

  it('returns a trace as protobuf in both versions', async () => {
    const accept = { accept: 'application/protobuf' };
    for (const id of [traceId, 'abc', 'ABC']) {
      const first = await get(`/api/traces/${id}`, accept);
      expect(first.headers.get('content-type')).toBe('application/protobuf');
      const trace = fromBinary(TracesDataSchema, new Uint8Array(await first.arrayBuffer()));
      const second = await get(`/api/v2/traces/${id}`, accept);
      const byId = fromBinary(TraceByIDResponseSchema, new Uint8Array(await second.arrayBuffer()));
      for (const { resourceSpans } of [trace, byId.trace ?? trace]) {
        const names = resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
        );
        expect(names.toSorted()).toEqual(['GET /', 'SELECT', 'render']);
      }
    }
  });

  it('returns a trace as JSON: batches in version 1, a strict envelope in version 2', async () => {
    const first = (await (await get(`/api/traces/${traceId}`)).json()) as Readonly<Record<string, JsonValue>>;
    expect(Object.keys(first)).toEqual(['batches']);
    const spans = fromJson(TracesDataSchema, { resourceSpans: first['batches'] ?? [] });
    const { trace } = await strict(`/api/v2/traces/${traceId}`, TraceByIDResponseSchema);
    expect(trace?.resourceSpans).toEqual(spans.resourceSpans);
    expect(JSON.stringify(first)).toContain(`"traceId":"${Buffer.from(traceId, 'hex').toString('base64')}"`);
    expect(JSON.stringify(first)).toContain('"kind":"SPAN_KIND_INTERNAL"');
  });

  it('returns a trace in the form for language models', async () => {
    const response = await get(`/api/v2/traces/${traceId}`, { accept: 'application/vnd.grafana.llm' });
    expect(response.headers.get('content-type')).toBe('application/vnd.grafana.llm+json; charset=utf-8');
    expect(await response.json()).toMatchObject({
      trace: {
        traceId,
        services: [
          {
            serviceName: 'front',
            scopes: [
              {
                spans: [
                  {
                    spanId: '0000000000000001',
                    durationMs: 100,
                    attributes: { 'http.status_code': 500, ratio: 0.5, cached: true },
                    events: [{ name: 'exception', attributes: { 'exception.type': 'Timeout' } }],
                    links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }],
                    status: { code: 'STATUS_CODE_ERROR', message: 'bad' },
                  },
                  { name: 'render', parentSpanId: '0000000000000001', kind: 'SPAN_KIND_INTERNAL' },
                ],
              },
            ],
          },
          { serviceName: 'back' },
        ],
      },
      metrics: {},
    });
  });

  it('answers 404 without a text for an unknown trace, an empty trace in version 2, and 400 for no id', async () => {
    const missing = await get('/api/traces/1234');
    expect([missing.status, await missing.text()]).toEqual([404, '']);
    expect((await strict('/api/v2/traces/1234', TraceByIDResponseSchema)).trace?.resourceSpans).toEqual([]);
    const empty = await get('/api/v2/traces/1234', { accept: 'application/protobuf' });
    expect(Buffer.from(await empty.arrayBuffer()).toString('hex')).toBe('0a00');
    expect((await refused('/api/traces/xyz'))[0]).toBe(400);
    expect((await refused(`/api/v2/traces/${'1'.repeat(33)}`))[0]).toBe(400);
  });

  it.each([
    ['', ['SELECT']],
    ['&keep_hierarchy=true', ['GET /', 'SELECT']],
    ['&keep_hierarchy=true&ancestor_depth=0', ['SELECT']],
  ])('returns the spans of a trace that match a filter, with %j', async (more, names) => {
    const path = `/api/v2/traces/${traceId}?${asQuery('{ name = "SELECT" }')}${more}`;
    const { trace } = await strict(path, TraceByIDResponseSchema);
    const found = trace?.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    expect(found?.map(({ name }) => name).toSorted()).toEqual(names);
  });

  it('returns descendants of matching spans to a depth', async () => {
    const path = `/api/v2/traces/${traceId}?${asQuery('{ name = "GET /" }')}&keep_hierarchy=true&match_depth=1`;
    const { trace } = await strict(path, TraceByIDResponseSchema);
    expect(trace?.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).length).toBe(3);
  });

  it('finds traces, with the fields that Grafana reads', async () => {
    const { traces } = await strict(
      `/api/search?${asQuery('{ status = error && span.http.status_code = 500 }')}&limit=20&spss=10&${range}`,
      SearchResponseSchema,
    );
    expect(traces).toMatchObject([
      {
        traceID: 'abc',
        rootServiceName: 'front',
        rootTraceName: 'GET /',
        startTimeUnixNano: noon,
        durationMs: 100,
        spanSets: [{ matched: 1, spans: [{ spanID: '0000000000000001', durationNanos: 100n * ms }] }],
        serviceStats: { front: { spanCount: 2, errorCount: 1 }, back: { spanCount: 1, errorCount: 0 } },
      },
    ]);
    expect(traces[0]?.spanSet).toEqual(traces[0]?.spanSets[0]);
    const attributes = traces[0]?.spanSets[0]?.spans[0]?.attributes.map(({ key, value }) => [key, value?.value]);
    expect(attributes).toEqual([
      ['http.status_code', { case: 'intValue', value: 500n }],
      ['status', { case: 'stringValue', value: 'error' }],
    ]);
  });

  it('returns all sets of a trace in spanSets alone', async () => {
    const { traces } = await strict(
      `/api/search?${asQuery('{} | by(resource.service.name)')}&${range}`,
      SearchResponseSchema,
    );
    expect(traces[0]?.spanSets.length).toBe(2);
    expect(traces[0]?.spanSet).toBeUndefined();
  });

  it.each([
    ['tags=service.name%3DFRON', 1],
    ['tags=service.name%3Dfront%20http.status_code%3D500', 1],
    ['tags=error%3Dtrue%20name%3D%22get%20%2F%22', 1],
    ['tags=service.name%3Dnone', 0],
    ['minDuration=100ms', 1],
    ['minDuration=1s', 0],
    ['tags=status%3Derror&maxDuration=200ms', 1],
    ['service.name=front', 1],
    ['http.route=nowhere', 0],
    ['', 1],
  ])('finds traces as older clients ask: %s', async (parameters, count) => {
    expect((await strict(`/api/search?${parameters}`, SearchResponseSchema)).traces.length).toBe(count);
  });

  it.each([
    ['/api/search?q=%7B', /^invalid TraceQL query: parse error at line 1, col /],
    [`/api/search?${asQuery('{ }')}&tags=a%3Db`, /must not be combined/],
    ['/api/search?limit=0', /limit/],
    ['/api/search?limit=10001', /limit must be at most 10000/],
    ['/api/search?spss=101', /spss must be at most 100/],
    ['/api/search?start=5', /only one of start and end/],
    ['/api/search?start=5&end=5', /start must be before end/],
    ['/api/search?start=-1&end=5', /start/],
    ['/api/search?tags=%22', /tags/],
    ['/api/search?minDuration=10', /minDuration/],
    ['/api/search/tags?scope=other', /^invalid scope: other$/],
    ['/api/v2/search/tags?scope=other', /^invalid scope: other$/],
    ['/api/v2/search/tag/foo/values', /tag name/],
    ['/api/v2/search/tag/%7D%20%7C%7C%20%7B/values', /tag name/],
    ['/api/metrics/query_range', /missing parameter q/],
    [`/api/metrics/query_range?${asQuery('{}')}`, /not a metrics query/],
    [`/api/metrics/query_range?${asQuery('{} | rate()')}&step=0`, /step/],
    [`/api/metrics/query_range?${asQuery('{} | rate()')}&step=-1s`, /step/],
    [`/api/metrics/query_range?${asQuery('{} | rate()')}&start=10&end=5`, /start must be before end/],
    [`/api/metrics/query_range?${asQuery('{} | rate()')}&start=1&end=100000&step=1s`, /step/],
    [`/api/metrics/query_range?${asQuery('{} | rate()')}&exemplars=many`, /exemplars/],
    [`/api/metrics/query?${asQuery('{} | rate()')}&since=never`, /since/],
  ])('answers 400 with a text: %s', async (path, problem) => {
    const [status, body] = await refused(path);
    expect([status, body]).toEqual([400, expect.stringMatching(problem)]);
  });

  it('lists names of attributes by scope', async () => {
    const { scopes } = await strict('/api/v2/search/tags?limit=5000', SearchTagsV2ResponseSchema);
    expect(Object.fromEntries(scopes.map(({ name, tags }) => [name, tags]))).toEqual({
      span: ['cached', 'db.system.name', 'http.route', 'http.status_code', 'odd/key "x"', 'ratio'],
      resource: ['service.name'],
      event: ['exception.type'],
      link: ['why'],
      instrumentation: [],
      intrinsic: expect.arrayContaining(['duration', 'rootName', 'trace:rootService', 'event:name']),
    });
    const { tagNames } = await strict('/api/search/tags', SearchTagsResponseSchema);
    expect(tagNames).toEqual(expect.arrayContaining(['http.route', 'service.name', 'why']));
    expect(tagNames).not.toContain('duration');
    expect((await strict('/api/search/tags?scope=intrinsic', SearchTagsResponseSchema)).tagNames).toContain('duration');
    const one = await strict('/api/v2/search/tags?scope=span&limit=1', SearchTagsV2ResponseSchema);
    expect(one.scopes).toMatchObject([{ name: 'span', tags: ['cached'] }]);
  });

  it('lists names of the spans that match a filter, also of one that is not finished', async () => {
    for (const q of ['{ name = "SELECT" }', '{ name = "SELECT" && duration > ']) {
      const { scopes } = await strict(`/api/v2/search/tags?scope=span&${asQuery(q)}`, SearchTagsV2ResponseSchema);
      expect(scopes).toMatchObject([{ name: 'span', tags: ['db.system.name'] }]);
    }
  });

  it.each([
    ['resource.service.name', ['string back', 'string front']],
    ['.service.name', ['string back', 'string front']],
    ['name', ['string GET /', 'string SELECT', 'string render']],
    ['span.http.status_code', ['int 500']],
    ['span.ratio', ['float 0.5']],
    ['.cached', ['bool true']],
    ['span."odd/key \\"x\\""', ['string found']],
    ['status', ['keyword error', 'keyword ok', 'keyword unset']],
    ['statusMessage', ['string bad']],
    ['event:name', ['string exception']],
    ['event.exception.type', ['string Timeout']],
    ['link.why', ['string queue']],
    ['duration', []],
    ['resource.none', []],
  ])('lists values of %s', async (name, values) => {
    const path = `/api/v2/search/tag/${encodeURIComponent(name)}/values?limit=5000&tag=${encodeURIComponent(name)}`;
    const { tagValues } = await strict(path, SearchTagValuesV2ResponseSchema);
    expect(tagValues.map(({ type, value }) => `${type} ${value}`)).toEqual(values);
  });

  it('lists values of the spans that match a filter', async () => {
    const path = `/api/v2/search/tag/resource.service.name/values?${asQuery('{ name = "SELECT" && resource.service.name = ')}`;
    const { tagValues } = await strict(path, SearchTagValuesV2ResponseSchema);
    expect(tagValues).toMatchObject([{ type: 'string', value: 'back' }]);
  });

  it('lists values without types for older clients', async () => {
    const values = async (name: string): Promise<readonly string[]> =>
      (await strict(`/api/search/tag/${encodeURIComponent(name)}/values`, SearchTagValuesResponseSchema)).tagValues;
    expect(await values('service.name')).toEqual(['back', 'front']);
    expect(await values('http.status_code')).toEqual(['500']);
    expect(await values('odd/key "x"')).toEqual(['found']);
    expect(await values('constructor')).toEqual([]);
    expect(await values('error')).toEqual(['true']);
    expect(await values('status.code')).toEqual(['error', 'ok', 'unset']);
  });

  it('returns series, with times and labels as Grafana reads them', async () => {
    const path = `/api/metrics/query_range?${asQuery('{} | count_over_time() by(resource.service.name)')}&start=${noonS - 60}&end=${noonS + 60}&step=60s&exemplars=10`;
    const { series, status } = await strict(path, QueryRangeResponseSchema);
    expect(status).toBe(0);
    const sums = series.map(({ labels, samples }) => [
      labels.map(({ key, value }) => [key, value?.value]),
      samples.reduce((sum, { value }) => sum + value, 0),
    ]);
    expect(sums).toEqual([
      [[['resource.service.name', { case: 'stringValue', value: 'back' }]], 1],
      [[['resource.service.name', { case: 'stringValue', value: 'front' }]], 2],
    ]);
    expect(series.flatMap(({ samples }) => samples.map(({ timestampMs }) => timestampMs % 60_000n))).not.toContain(1n);
    const ids = series.flatMap(({ exemplars }) => exemplars.flatMap(({ labels }) => labels.map(({ key }) => key)));
    expect(ids).toContain('trace:id');
  });

  it('cuts series at the limit and says so', async () => {
    const path = `/api/metrics/query_range?${asQuery('{} | rate() by(name)')}&start=${noonS - 60}&end=${noonS + 60}&step=60s&maxSeries=1`;
    const { series, status, message } = await strict(path, QueryRangeResponseSchema);
    expect([series.length, status]).toEqual([1, 1]);
    expect(message).toMatch(/^Response exceeds maximum series limit of 1, a partial response is returned/);
  });

  it('returns one number for each series of an instant query, and says where it is from', async () => {
    const path = `/api/metrics/query?${asQuery('{ status = error } | count_over_time()')}&start=${noonS - 60}&end=${noonS + 60}`;
    const { series } = await strict(path, QueryInstantResponseSchema);
    expect(series).toMatchObject([{ value: 1, labels: [{ key: '__name__' }] }]);
    const { headers } = await get(path);
    expect(headers.get('tracestore-source')).toMatch(/^(aggregates|spans|both)$/);
    expect(headers.get('tracestore-exact')).toMatch(/^(true|false)$/);
  });

  it('explains a query as SQL on both ports', async () => {
    const request = { query: '{ status = error }' };
    const post = async (url: string): Promise<Response> =>
      fetch(url, { method: 'POST', body: JSON.stringify(request), headers: { 'content-type': 'application/json' } });
    const own = await post(`http://${store.tempoAddress}/api/traceql/explain`);
    const console = await post(`${store.url}/api/traceql/explain`);
    const plan = await own.json();
    expect([own.status, console.status]).toEqual([200, 200]);
    expect(plan).toEqual(await console.json());
    expect(plan).toMatchObject({ sql: expect.stringContaining('ps_trace') as string });
  });
});

describe("Tempo's streaming API", () => {
  const seconds = { start: noonS - 600, end: noonS + 600 };

  it('finds the same traces as over HTTP', async () => {
    const Query = '{ resource.service.name = "front" }';
    const messages = await grpc.streaming(StreamingQuerier.method.search, { Query, ...seconds, Limit: 5 });
    const overHttp = await strict(`/api/search?${asQuery(Query)}&limit=5&${range}`, SearchResponseSchema);
    expect(messages.flatMap(({ traces }) => traces)).toEqual(overHttp.traces);
    expect(messages.at(-1)?.metrics?.completedJobs).toBe(1);
  });

  it('answers the health check of Grafana: an empty search', async () => {
    const [message] = await grpc.streaming(StreamingQuerier.method.search, { Query: '{}', Limit: 1 });
    expect(message?.traces.length).toBe(1);
  });

  it('lists the same names and values as over HTTP', async () => {
    const { method } = StreamingQuerier;
    const [names] = await grpc.streaming(method.searchTags, {});
    expect(names).toEqual(await strict('/api/search/tags', SearchTagsResponseSchema));
    const [scopes] = await grpc.streaming(method.searchTagsV2, {});
    expect(scopes).toEqual(await strict('/api/v2/search/tags', SearchTagsV2ResponseSchema));
    const [values] = await grpc.streaming(method.searchTagValues, { tagName: 'service.name' });
    expect(values).toEqual(await strict('/api/search/tag/service.name/values', SearchTagValuesResponseSchema));
    const [typed] = await grpc.streaming(method.searchTagValuesV2, { tagName: 'name' });
    expect(typed).toEqual(await strict('/api/v2/search/tag/name/values', SearchTagValuesV2ResponseSchema));
  });

  it('computes the same series as over HTTP', async () => {
    const query = '{} | rate() by(name)';
    const times = { start: noon - 60_000n * ms, end: noon + 60_000n * ms };
    const messages = await grpc.streaming(StreamingQuerier.method.metricsQueryRange, {
      query,
      ...times,
      step: 60_000n * ms,
    });
    const overHttp = await strict(
      `/api/metrics/query_range?${asQuery(query)}&start=${noonS - 60}&end=${noonS + 60}&step=1m`,
      QueryRangeResponseSchema,
    );
    expect(messages.flatMap(({ series }) => series)).toEqual(overHttp.series);
    const [instant] = await grpc.streaming(StreamingQuerier.method.metricsQueryInstant, { query, ...times });
    expect(instant?.series.length).toBe(3);
  });

  it('refuses an invalid query with INVALID_ARGUMENT and its place', async () => {
    const call = grpc.streaming(StreamingQuerier.method.search, { Query: '{ .a = }' });
    await expect(call).rejects.toMatchObject({ code: 3, details: expect.stringContaining('line 1, col 8') as string });
  });
});

describe('a client that leaves', () => {
  const waiting = `SELECT count(*)::int4 AS queries FROM pg_stat_activity
    WHERE application_name = 'tracestore query' AND wait_event_type = 'Lock' AND datname = current_database()`;
  let other: pg.Client;

  async function untilWaiting(queries: number): Promise<void> {
    await expect
      .poll(async () => queryOnce(fresh.url, waiting), { timeout: 10_000, interval: 50 })
      .toEqual([{ queries }]);
  }

  beforeAll(async () => {
    other = new pg.Client(fresh.url);
    await other.connect();
    await other.query('BEGIN; LOCK TABLE tracestore.span, tracestore.span_block IN ACCESS EXCLUSIVE MODE');
  });

  afterAll(async () => {
    await other.end();
  });

  it('makes PostgreSQL stop working for it, over HTTP and over gRPC', async () => {
    const controller = new AbortController();
    const url = `http://${store.tempoAddress}/api/search?${asQuery('{ status = error }')}`;
    const overHttp = fetch(url, { signal: controller.signal });
    await untilWaiting(1);
    controller.abort();
    await expect(overHttp).rejects.toThrow(/abort/i);
    await untilWaiting(0);

    const session = connect(`http://${store.tempoAddress}`);
    const path = `/${StreamingQuerier.typeName}/Search`;
    const call = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.on('error', () => undefined).end(grpcFrame(Buffer.alloc(0)));
    await untilWaiting(1);
    session.destroy();
    await untilWaiting(0);
  });
});
