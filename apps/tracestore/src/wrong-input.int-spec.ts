import { status as grpcStatus } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../bench/corpus/random.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { TraceReader } from './gen/storage/v2/trace_storage_pb.js';
import { SpanReaderPlugin } from './gen/storage_pb.js';

let database: FreshDatabase;
let store: RunningTracestore;
let jaeger: GrpcClient;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { queryTimeoutMs: 10_000 });
  jaeger = new GrpcClient(store.jaegerAddress);
  await sendPasswordTraces(store, Date.now() - 600_000);
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await database.drop();
});

/** What a value may be that its reader did not think of, in a URL. */
const hostileTexts = [
  '',
  '0',
  '-1',
  '1',
  '10001',
  '1e99',
  '9e99',
  '99999999999999999999',
  '9223372036854775808',
  '-9223372036854775808',
  'NaN',
  'Infinity',
  '1.5',
  ' 5',
  'true',
  'null',
  'undefined',
  '[]',
  '{}',
  '{"a":{}}',
  '{"__proto__":"x"}',
  '["a"',
  '['.repeat(5_000),
  '__proto__',
  'constructor',
  'toString',
  '%00',
  'a%00b',
  '%C0%AF',
  '%ED%A0%80',
  '%F0%9F%98%80',
  '%',
  '%zz',
  '%FF',
  "' OR 1=1 --",
  '$1',
  '\\',
  'key:value',
  'key:%00',
  'a=b',
  'a~(',
  'a~((a{1,200}){1,200}){1,200}',
  'a~' + 'a?'.repeat(400),
  'a~[',
  'a~' + '(a*)*'.repeat(20),
  '"a',
  '"a"=["b"',
  'a=' + '{"a":'.repeat(500),
  'a=[1e999999]',
  'a=["%5Cu0000"]',
  'a>9e99',
  'a>1e400',
  'a<-1e400',
  'now',
  'now-99999999w',
  'now-999999w',
  'now+999999w',
  '0000-00-00',
  '9999-12-31T23:59:59Z',
  '99999-01-01T00:00:00Z',
  '2026-02-31T00:00:00Z',
  '2026-01-01T00:00:00+99:99',
  '294277-01-01',
  '-infinity',
  'infinity',
  'epoch',
  '0 s',
  '0s',
  '1 day',
  '-1 day',
  '999999999d',
  '1h30m',
  '1s',
  '-1s',
  '999999999999h',
  '.5h',
  '5',
  'x'.repeat(5_000),
  '\u{1F600}'.repeat(100),
  '0'.repeat(32),
  'f'.repeat(32),
  'f'.repeat(33),
  'newest',
  'error',
  'server',
] as const;

const names = {
  'api/services': [],
  'api/services/operations': ['service', 'from', 'to'],
  'api/services/neighbours': ['service', 'from', 'to'],
  'api/services/history': ['service', 'from', 'to'],
  'api/services/versions': ['service', 'from', 'to'],
  'api/services/errors': ['service', 'from', 'to'],
  'api/operations': ['service', 'kind'],
  'api/attribute-keys': ['service', 'from', 'to'],
  'api/attribute-values': ['service', 'from', 'to', 'key'],
  'api/traces': [
    'service',
    'operation',
    'kind',
    'status',
    'minDurationNs',
    'maxDurationNs',
    'attribute',
    'from',
    'to',
    'order',
    'limit',
    'cursor',
  ],
  'api/traces/TRACE': [],
  'api/traces/TRACE/matches': ['text'],
  'api/traces/TRACE/otlp': [],
  'api/traces/TRACE/spans/SPAN': ['from', 'to'],
  'api/dashboards': [],
  'api/system': [],
  'api/system/storage': [],
  'api/system/partitions': [],
  'api/system/retention': [],
  'api/system/traffic': [],
  'api/sql/limits': [],
  'api/sql/catalogue': [],
  'jaeger/api/services': [],
  'jaeger/api/services/TEXT/operations': [],
  'jaeger/api/operations': ['service', 'spanKind'],
  'jaeger/api/traces': [
    'service',
    'operation',
    'tag',
    'tags',
    'start',
    'end',
    'minDuration',
    'maxDuration',
    'limit',
    'traceID',
    'lookback',
  ],
  'jaeger/api/traces/TRACE': ['start', 'end', 'raw'],
  'jaeger/api/dependencies': ['endTs', 'lookback', 'service'],
  'jaeger/api/metrics/calls': ['service', 'spanKind', 'groupByOperation', 'endTs', 'lookback', 'step', 'ratePer'],
  'jaeger/api/metrics/errors': ['service', 'endTs', 'lookback', 'step'],
  'jaeger/api/metrics/latencies': ['service', 'quantile', 'endTs', 'step', 'ratePer'],
  'jaeger/api/metrics/minstep': [],
  'jaeger/api/v3/services': [],
  'jaeger/api/v3/operations': ['service', 'spanKind', 'span_kind'],
  'jaeger/api/v3/traces': [
    'query.serviceName',
    'query.operationName',
    'query.startTimeMin',
    'query.startTimeMax',
    'query.durationMin',
    'query.durationMax',
    'query.attributes',
    'query.filter',
    'query.searchDepth',
    'query.num_traces',
  ],
  'jaeger/api/v3/traces/TRACE': ['startTime', 'endTime'],
  'jaeger/api/v3/trace-summaries': [
    'query.startTimeMin',
    'query.startTimeMax',
    'query.serviceName',
    'query.searchDepth',
    'query.attributes',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What makes sense, so that one wrong value is read at all. */
const sensible: Readonly<Record<string, string>> = {
  service: 'generator',
  key: 'pwlen',
  text: 'GET',
  quantile: '0.95',
  'query.startTimeMin': '2020-01-01T00:00:00Z',
  'query.startTimeMax': '2100-01-01T00:00:00Z',
  endTs: String(Date.now()),
  from: '1',
};

class RandomRequest {
  constructor(
    private readonly random: SeededRandom,
    private readonly dashboardPaths: readonly (readonly [string, readonly string[]])[],
  ) {}

  next(): string {
    const paths: readonly (readonly [string, readonly string[]])[] = [...Object.entries(names), ...this.dashboardPaths];
    const [path, parameters] = this.random.pick(paths);
    const isDashboard = path.startsWith('api/dashboards/');
    const given: string[] = [];
    for (const name of parameters) {
      if (this.random.chance(0.35)) {
        const times = this.random.chance(0.1) ? 2 : 1;
        for (let n = 0; n < times; n++) given.push(`${name}=${this.value()}`);
      } else if (!isDashboard && sensible[name] !== undefined)
        given.push(`${name}=${encodeURIComponent(sensible[name])}`);
    }
    if (this.random.chance(0.05)) given.push(`${this.value()}=${this.value()}`);
    if (this.random.chance(0.05))
      given.push(`${this.random.pick(['a[b]', '__proto__', 'constructor', 'service[]'])}=1`);
    const filled = path
      .replace('TRACE', () => (this.random.chance(0.5) ? passwordTraceId(1) : this.pathPart()))
      .replace('SPAN', () => (this.random.chance(0.5) ? '0000000000000001' : this.pathPart()))
      .replace('TEXT', () => this.pathPart());
    return `${filled}?${given.join('&')}`;
  }

  /** Encoded, unless it is meant to be wrongly encoded already. */
  private value(): string {
    const text = this.random.chance(0.1) ? this.noise() : this.random.pick(hostileTexts);
    return text.includes('%') ? text : encodeURIComponent(text);
  }

  private pathPart(): string {
    return this.value().replaceAll('/', '%2F').slice(0, 3_000);
  }

  private noise(): string {
    const alphabet = '0aZ-:.T=~<>!"\\{}[](),%^$*+? \u00e4\u20ac';
    return Array.from({ length: this.random.below(30) }, () => alphabet[this.random.below(alphabet.length)])
      .join('')
      .replaceAll('%', '');
  }
}

describe('a request with wrong values', () => {
  it('is never answered with 5xx, whatever the values are', async () => {
    const { dashboards } = (await (await fetch(`${store.url}/api/dashboards`)).json()) as {
      readonly dashboards: readonly {
        readonly uid: string;
        readonly panels: readonly { readonly queries: readonly Query[] }[];
        readonly variables: readonly { readonly query: Query }[];
      }[];
    };
    const queries = dashboards.flatMap(({ uid, panels, variables }) =>
      [...panels.flatMap((panel) => panel.queries), ...variables.map(({ query }) => query)].map(
        ({ name, parameters }) =>
          [`api/dashboards/${uid}/queries/${name}`, parameters.map((each) => each.name)] as const,
      ),
    );
    const random = new RandomRequest(new SeededRandom(17), queries);
    const wrong: string[] = [];
    const byStatus = new Map<number, number>();
    const ask = async (): Promise<void> => {
      const path = random.next();
      const response = await fetch(`${store.url}/${path}`);
      const body = await response.text();
      byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1);
      // A search may take its time, on a machine that has little.
      if (response.status >= 500 && response.status !== 504)
        wrong.push(`${response.status} ${path.slice(0, 300)}: ${body.slice(0, 200)}`);
    };
    for (let n = 0; n < 600; n++) await Promise.all(Array.from({ length: 5 }, ask));
    expect(wrong).toEqual([]);
    expect(byStatus.get(200)).toBeGreaterThan(300);
    expect(byStatus.get(400)).toBeGreaterThan(300);
  }, 600_000);

  it.each([
    ['api/dashboards/UID/queries/NAME?from=yesterday', 'from must be a time'],
    ['api/dashboards/UID/queries/NAME?to=2026-02-30T25:00:00Z', 'to must be a time'],
    ['api/traces?attribute=k~((a{1,200}){1,200}){1,200}', 'more than 2000 characters'],
    ['api/traces?limit=5&limit=6', 'limit'],
    ['jaeger/api/traces?service=a&limit=1e3', 'limit'],
    ['jaeger/api/traces?service=a&start=1e3', 'start'],
    ['jaeger/api/v3/traces?query.startTimeMin=9e99&query.startTimeMax=2026-01-01T00:00:00Z', 'startTimeMin'],
  ])('is told what is wrong: %s', async (path, words) => {
    const { dashboards } = (await (await fetch(`${store.url}/api/dashboards`)).json()) as {
      readonly dashboards: readonly {
        readonly uid: string;
        readonly panels: readonly { readonly queries: readonly Query[] }[];
      }[];
    };
    const [{ uid, panels } = { uid: '', panels: [] }] = dashboards;
    const name = panels
      .flatMap(({ queries }) => queries)
      .find(({ parameters }) => parameters.some((each) => each.name === 'from'))?.name;
    const response = await fetch(`${store.url}/${path.replace('UID', uid).replace('NAME', name ?? '')}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(words)]);
  });

  it('is never INTERNAL or UNKNOWN over gRPC', async () => {
    const random = new SeededRandom(18);
    const text = (): string => random.pick(hostileTexts).replaceAll('%00', '\0');
    const number = (): number => random.pick([0, 1, 10_000, 10_001, -1, 2 ** 31 - 1, -(2 ** 31)]);
    const time = () =>
      random.pick([
        {},
        { seconds: 2n ** 63n - 1n, nanos: 2 ** 31 - 1 },
        { seconds: -(2n ** 63n) },
        { seconds: 1n, nanos: -1 },
      ]);
    const wrong: string[] = [];
    for (let n = 0; n < 300; n++) {
      const [startTimeMin, startTimeMax, durationMin] = [time(), time(), time()];
      const times = {
        ...(random.chance(0.5) && { startTimeMin }),
        ...(random.chance(0.5) && { startTimeMax }),
        ...(random.chance(0.5) && { durationMin }),
      };
      const common = { serviceName: text(), operationName: random.chance(0.5) ? '' : text(), ...times };
      const key = random.pick(['error', 'span.kind', '', 'k\0', '__proto__', 'resource.', 'otel.status_code', text()]);
      const call = random.chance(0.5)
        ? jaeger.unary(SpanReaderPlugin.method.findTraceIDs, {
            query: { ...common, numTraces: number(), tags: { [key]: text() } },
          })
        : jaeger.unary(TraceReader.method.findTraceIDs, {
            query: {
              ...common,
              searchDepth: number(),
              attributes: [{ key, value: { value: { case: 'stringValue', value: text() } } }],
            },
          });
      await call.catch((error: unknown) => {
        const { code, message } = error as { readonly code: number; readonly message: string };
        const isFine = [grpcStatus.INVALID_ARGUMENT, grpcStatus.DEADLINE_EXCEEDED, grpcStatus.NOT_FOUND].includes(code);
        if (!isFine) wrong.push(message);
      });
    }
    expect(wrong).toEqual([]);
  }, 300_000);
});

interface Query {
  readonly name: string;
  readonly parameters: readonly { readonly name: string }[];
}
