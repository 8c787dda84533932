import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { attributeText, attributeValuesResponse, searchResponse } from '@spandrel/console-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceRequestSchema } from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { AnyValueSchema } from './gen/opentelemetry/proto/common/v1/common_pb.js';
import { TraceReader } from './gen/storage/v2/trace_storage_pb.js';
import { SpanReaderPlugin } from './gen/storage_pb.js';

type Value = MessageInitShape<typeof AnyValueSchema>;

const string = (value: string): Value => ({ value: { case: 'stringValue', value } });
const int = (value: bigint): Value => ({ value: { case: 'intValue', value } });
const double = (value: number): Value => ({ value: { case: 'doubleValue', value } });
const bytes = (hex: string): Value => ({ value: { case: 'bytesValue', value: hexBytes(hex) } });
const list = (...values: Value[]): Value => ({ value: { case: 'arrayValue', value: { values } } });
const members = (entries: Readonly<Record<string, Value>>): Value => ({
  value: { case: 'kvlistValue', value: { values: Object.entries(entries).map(([key, value]) => ({ key, value })) } },
});

/** Each is the value of a key of its own, in a trace of its own. */
const values: readonly (readonly [string, Value])[] = [
  ['a text', string('GET /')],
  ['no text', string('')],
  ['blanks', string('  two  ')],
  ['lines', string('a\nb\t')],
  ['a text with operators', string('=a!=b~"c"')],
  ['a text that looks like a list', string('["93"')],
  ['true', { value: { case: 'boolValue', value: true } }],
  ['an int', int(5n)],
  ['the greatest int', int(2n ** 63n - 1n)],
  ['the least int', int(-(2n ** 63n))],
  ['a double without a fraction', double(5)],
  ['a double', double(0.1)],
  ['a large double', double(1.5e300)],
  ['a small double', double(5e-324)],
  ['minus zero', double(-0)],
  ['not a number', double(Number.NaN)],
  ['infinity', double(-Infinity)],
  ['bytes', bytes('00ff10')],
  ['no bytes', bytes('')],
  ['nothing', {}],
  ['a list of a text', list(string('93'))],
  ['a list of all kinds', list(string('a'), int(1n), double(1), double(1.5), {}, list(), bytes('01'), string('<&>'))],
  ['a list of what JSON lacks', list(double(Number.NaN), double(-0), bytes(''))],
  ['an empty list', list()],
  ['a list of many ints', list(...Array.from({ length: 40 }, (_, n) => int(BigInt(n))))],
  ['members', members({ b: string('2'), a: int(1n), inner: members({}) })],
  ['no members', members({})],
  ['members that look like bytes', members({ bytesValue: string('AA==') })],
  ['members with a key of JavaScript', members({ ['__proto__']: string('y') })],
];

const serviceOfValues = 'values';
const keyOf = (n: number): string => `key "${n}" = ${n}`;
const idOf = (kind: string, n: number): string => `${kind}${n.toString(16).padStart(30, '0')}`;

/** What senders give as the name of their service, and how it is listed. */
const services: readonly (readonly [string, Value | undefined, string])[] = [
  ['none, and no attribute', undefined, 'unknown_service'],
  ['no text', string(''), 'unknown_service'],
  ['an empty value', {}, 'unknown_service'],
  ['a number', int(5n), '5'],
  ['a truth', { value: { case: 'boolValue', value: false } }, 'false'],
  ['a list', list(string('a'), int(1n)), '["a",1]'],
  ['members', members({ a: string('b') }), '{"a":"b"}'],
  ['a long text', string('s'.repeat(300)), 's'.repeat(300)],
  ['a text with a slash', string('a/b c%20'), 'a/b c%20'],
  ['a name of JavaScript', string('__proto__'), '__proto__'],
];

let database: FreshDatabase;
let store: RunningTracestore;
let jaeger: GrpcClient;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
  jaeger = new GrpcClient(store.jaegerAddress);
  await sendGrpc(
    store.grpcAddress,
    encodeProtobuf(
      create(ExportTraceServiceRequestSchema, {
        resourceSpans: [
          {
            resource: { attributes: [text('service.name', serviceOfValues)] },
            scopeSpans: [
              {
                spans: values.map(([, value], n) =>
                  goodSpan({
                    traceId: hexBytes(idOf('a1', n)),
                    attributes: [{ key: keyOf(n), value: value as object }],
                  }),
                ),
              },
            ],
          },
          ...services.map(([, value], n) => ({
            resource: {
              attributes:
                value === undefined
                  ? []
                  : [
                      { key: 'service.name', value: value as object },
                      attribute('n', { case: 'intValue', value: BigInt(n) }),
                    ],
            },
            scopeSpans: [{ spans: [goodSpan({ traceId: hexBytes(idOf('a2', n)), name: `of ${n}` })] }],
          })),
        ],
      }),
    ),
  );
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await database.drop();
});

async function get(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${store.url}/${path}?${new URLSearchParams(parameters).toString()}`);
  const body = await response.text();
  expect(response.status, body).toBe(200);
  return JSON.parse(body);
}

interface UiAnswer {
  readonly data: readonly {
    readonly traceID: string;
    readonly spans: readonly { readonly tags: readonly { readonly key: string; readonly value: unknown }[] }[];
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
  }[];
}

const everUs = { start: '0', end: '4000000000000000' };
const ever = { 'query.startTimeMin': '1970-01-02T00:00:00Z', 'query.startTimeMax': '2100-01-01T00:00:00Z' };

const uiTraces = (parameters: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  get('jaeger/api/traces', { service: serviceOfValues, limit: '100', ...everUs, ...parameters }).then((answer) =>
    (answer as UiAnswer).data.map(({ traceID }) => traceID),
  );

/** A tag as a user of Jaeger's UI sees it: JSON of numbers and truths, texts as they are. */
async function shownTag(n: number): Promise<string> {
  const { data } = (await get(`jaeger/api/traces/${idOf('a1', n)}`)) as UiAnswer;
  const tag = data[0]?.spans[0]?.tags.find(({ key }) => key === keyOf(n));
  return tag?.value === null ? '' : String(tag?.value);
}

describe.each(values.map(([name], n) => [name, n] as const))('a value that is %s', (_, n) => {
  const id = idOf('a1', n);

  it('is found by the text that completion proposes for it', async () => {
    const { values: proposed } = attributeValuesResponse.parse(await get('api/attribute-values', { key: keyOf(n) }));
    expect(proposed).toHaveLength(1);
    const [{ value, spans } = { value: 'none', spans: 0 }] = proposed;
    const attributeKey = `"${keyOf(n).replaceAll('"', '\\"')}"`;
    const { traces } = searchResponse.parse(await get('api/traces', { attribute: `${attributeKey}=${value}` }));
    expect([spans, traces.map(({ traceId }) => traceId)]).toEqual([1, [id]]);
  });

  it('is found by the text that the console shows of it', async () => {
    const answer = await get(`api/traces/${id}/spans/${await spanIdOf(id)}`);
    const { spans } = answer as {
      readonly spans: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
    };
    const response = await fetch(`${store.url}/api/traces/${id}/spans/${await spanIdOf(id)}`);
    // A browser reads large integers by their digits.
    const digits = /: ?(-?\d{16,})[,}]/.exec((await response.text()).split('"attributes":')[1] ?? '')?.[1];
    const shown = digits ?? attributeText(spans[0]?.attributes[keyOf(n)]);
    const attributeKey = `"${keyOf(n).replaceAll('"', '\\"')}"`;
    const { traces } = searchResponse.parse(await get('api/traces', { attribute: `${attributeKey}=${shown}` }));
    expect(traces.map(({ traceId }) => traceId)).toEqual([id]);
  });

  it('is found by the text that Jaeger shows of it, over every protocol', async () => {
    const shown = await shownTag(n);
    const tags = { [keyOf(n)]: shown };
    expect(await uiTraces({ tags: JSON.stringify(tags) })).toEqual([id]);
    expect(await uiTraces({ tag: `${keyOf(n)}:${shown}` })).toEqual([id]);
    const attributes = JSON.stringify(tags);
    const { result } = (await get('jaeger/api/v3/traces', { ...ever, 'query.attributes': attributes })) as {
      readonly result: { readonly resourceSpans: readonly object[] };
    };
    expect(result.resourceSpans).toHaveLength(1);
    const ids = (found: readonly Uint8Array[]): readonly string[] =>
      found.map((each) => Buffer.from(each).toString('hex'));
    const first = await jaeger.unary(SpanReaderPlugin.method.findTraceIDs, { query: { tags, numTraces: 10 } });
    expect(ids(first.traceIds)).toEqual([id]);
    const second = await jaeger.unary(TraceReader.method.findTraceIDs, {
      query: {
        attributes: [{ key: keyOf(n), value: { value: { case: 'stringValue', value: shown } } }],
        searchDepth: 10,
      },
    });
    expect(ids(second.traceIds.map(({ traceId }) => traceId))).toEqual([id]);
  });
});

describe('what Jaeger shows of a span beside its attributes', () => {
  const id = idOf('a3', 1);
  const failedByAttribute = idOf('a3', 2);
  const failedByText = idOf('a3', 3);
  const well = idOf('a3', 4);
  const service = 'fields';

  beforeAll(async () => {
    const twice = goodSpan({ traceId: hexBytes(idOf('a3', 5)) });
    const spans = [
      goodSpan({
        traceId: hexBytes(id),
        traceState: 'vendor=1',
        status: { code: 2, message: 'out of stock' },
        events: [{ name: 'retry', attributes: [text('attempt', '2')] }],
      }),
      goodSpan({
        traceId: hexBytes(failedByAttribute),
        attributes: [attribute('error', { case: 'boolValue', value: true })],
      }),
      goodSpan({ traceId: hexBytes(failedByText), attributes: [text('error', 'timeout')] }),
      goodSpan({ traceId: hexBytes(well) }),
    ];
    const scopeSpans = [{ scope: { name: 'lib', version: '1.2' }, spans }, { spans: [twice] }];
    const resource = { attributes: [text('service.name', service)] };
    for (const sent of [scopeSpans, [{ spans: [twice] }]]) {
      const request = create(ExportTraceServiceRequestSchema, { resourceSpans: [{ resource, scopeSpans: sent }] });
      await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    }
  });

  it('is found by each tag that is shown', async () => {
    const answer = (await get(`jaeger/api/traces/${id}`)) as UiAnswer;
    const tags = answer.data[0]?.spans[0]?.tags ?? [];
    expect(tags.map(({ key }) => key)).toEqual([
      'otel.scope.name',
      'otel.scope.version',
      'span.kind',
      'otel.status_code',
      'error',
      'otel.status_description',
      'w3c.tracestate',
    ]);
    for (const { key, value } of [...tags, { key: 'event', value: 'retry' }, { key: 'attempt', value: '2' }]) {
      expect(await uiTraces({ service, tag: `${key}:${String(value)}` }), key).toContain(id);
    }
  });

  it.each([
    ['true', [id, failedByAttribute]],
    ['false', [failedByText, well, idOf('a3', 5)]],
    ['timeout', [failedByText]],
    ['perhaps', []],
  ])('is an error where the status or an attribute says so: error=%s', async (value, ids) => {
    const expected = [...ids].toSorted();
    expect((await uiTraces({ service, tag: `error:${value}` })).toSorted()).toEqual(expected);
    const { traceIds } = await jaeger.unary(TraceReader.method.findTraceIDs, {
      query: {
        serviceName: service,
        attributes: [{ key: 'error', value: { value: { case: 'stringValue', value } } }],
        searchDepth: 10,
      },
    });
    expect(traceIds.map(({ traceId }) => Buffer.from(traceId).toString('hex')).toSorted()).toEqual(expected);
  });

  it('says of a span that was sent twice that it is there twice', async () => {
    const { data } = (await get(`jaeger/api/traces/${idOf('a3', 5)}`)) as UiAnswer;
    const [first, second] = (data[0]?.spans ?? []) as readonly { readonly warnings?: unknown }[];
    expect([first?.warnings, second?.warnings]).toEqual([null, [expect.stringContaining('more than once')]]);
  });
});

it.each(['STATUS_CODE_ERROR', 'error'])('SQL finds spans that failed by the name %s, in any session', async (name) => {
  const sql = `SELECT count(*)::int AS spans FROM ps_trace.span WHERE status_code = '${name}' AND service_name = 'fields'`;
  expect(await queryOnce(database.url, sql)).toEqual([{ spans: 1 }]);
});

async function spanIdOf(traceId: string): Promise<string> {
  const { spans } = (await get(`api/traces/${traceId}`)) as { readonly spans: { readonly id: readonly string[] } };
  return spans.id[0] ?? '';
}

describe.each(services.map(([name, , listed], n) => [name, listed, n] as const))(
  'a service whose name is %s',
  (_, listed, n) => {
    const id = idOf('a2', n);

    it('has one name in the console', async () => {
      expect((await get('api/services')) as object).toMatchObject({
        services: expect.arrayContaining([listed]) as unknown,
      });
      const { traces } = searchResponse.parse(await get('api/traces', { service: listed }));
      const found = traces.find(({ traceId }) => traceId === id);
      expect([found?.root?.service, found?.services.map(({ name }) => name)]).toEqual([listed, [listed]]);
      const details = await get(`api/traces/${id}/spans/${await spanIdOf(id)}`);
      expect(details).toMatchObject({ spans: [{ service: listed }] });
    });

    it('has one name in the older HTTP API', async () => {
      const { data } = (await get('jaeger/api/services')) as { readonly data: readonly string[] };
      expect(data).toContain(listed);
      const operations = (await get(`jaeger/api/services/${encodeURIComponent(listed)}/operations`)) as {
        readonly data: readonly string[];
      };
      expect(operations.data).toContain(`of ${n}`);
      const found = (await get('jaeger/api/traces', { service: listed, limit: '100', ...everUs })) as UiAnswer;
      const trace = found.data.find(({ traceID }) => traceID === id);
      expect(Object.values(trace?.processes ?? {}).map(({ serviceName }) => serviceName)).toEqual([listed]);
    });

    it('has one name in the newer HTTP API', async () => {
      const { services: all } = (await get('jaeger/api/v3/services')) as { readonly services: readonly string[] };
      expect(all).toContain(listed);
      const parameters = { ...ever, 'query.serviceName': listed, 'query.operationName': `of ${n}` };
      expect(await get('jaeger/api/v3/traces', parameters)).toMatchObject({
        result: {
          resourceSpans: [
            {
              resource: {
                attributes: expect.arrayContaining([
                  { key: 'service.name', value: { stringValue: listed } },
                ]) as unknown,
              },
            },
          ],
        },
      });
    });

    it('has one name over gRPC', async () => {
      const first = await jaeger.unary(SpanReaderPlugin.method.getServices, {});
      const second = await jaeger.unary(TraceReader.method.getServices, {});
      expect([first.services, second.services]).toEqual([
        expect.arrayContaining([listed]),
        expect.arrayContaining([listed]),
      ]);
      const names: string[] = [];
      const query = { serviceName: listed, operationName: `of ${n}` };
      for (const { spans } of await jaeger.streaming(SpanReaderPlugin.method.findTraces, {
        query: { ...query, numTraces: 10 },
      })) {
        names.push(...spans.map(({ process }) => process?.serviceName ?? ''));
      }
      for (const { resourceSpans } of await jaeger.streaming(TraceReader.method.findTraces, {
        query: { ...query, searchDepth: 10 },
      })) {
        for (const { resource } of resourceSpans) {
          const value = resource?.attributes.find(({ key }) => key === 'service.name')?.value?.value;
          names.push(value?.case === 'stringValue' ? value.value : 'no text');
        }
      }
      expect(names).toEqual([listed, listed]);
    });
  },
);
