import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { queryAsReader, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../bench/corpus/random.ts';

/*
 * The same question in SQL, TraceQL, Jaeger's HTTP API in both versions and the console's API has the same traces.
 */

const noonS = 1_700_000_000;
const noon = BigInt(noonS) * 1_000_000_000n;
const ms = 1_000_000n;
const services = ['web', 'cart', 'stock', 'pay "2"'] as const;
const names = ['GET /', 'POST /orders', 'SELECT \\ "x"'] as const;
const kinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const traceCount = 120;

let fresh: FreshDatabase;
let store: RunningTracestore;

/** Traces of one to six spans, whose parts arrive in several requests. */
async function sendRandomTraces(): Promise<void> {
  const chance = new SeededRandom(23);
  const requests = Array.from({ length: 8 }, () => new Map<string, SpanInit[]>());
  for (let n = 1; n <= traceCount; n += 1) {
    const startNs = noon + BigInt(chance.below(600_000)) * ms;
    const count = 1 + chance.below(6);
    for (let child = 0; child < count; child += 1) {
      const service = chance.pick(services);
      const start = startNs + BigInt(child * chance.below(500)) * ms;
      const spans = chance.pick(requests);
      const own = spans.get(service) ?? [];
      spans.set(service, own);
      own.push(
        goodSpan({
          traceId: hexBytes(n.toString(16).padStart(32, '0')),
          spanId: hexBytes((n * 16 + child).toString(16).padStart(16, '0')),
          ...(child > 0 ? { parentSpanId: hexBytes((n * 16).toString(16).padStart(16, '0')) } : {}),
          name: chance.pick(names),
          kind: 1 + chance.below(5),
          startTimeUnixNano: start,
          endTimeUnixNano: start + BigInt(chance.below(2_000)) * ms,
          attributes: [
            text('user', `user ${chance.below(9)}`),
            attribute('code', { case: 'intValue', value: BigInt(chance.pick([200, 404, 500])) }),
            ...(chance.chance(0.3)
              ? [attribute('cached', { case: 'boolValue' as const, value: chance.chance(0.5) })]
              : []),
          ],
          ...(chance.chance(0.2) ? { status: { code: 2 } } : {}),
        }),
      );
    }
  }
  for (const request of requests) {
    for (const [service, spans] of request)
      await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans, service)));
  }
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  await sendRandomTraces();
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

/** A condition on one span. All that are there must hold. */
interface Question {
  readonly service?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly isFailed?: true;
  readonly user?: string;
  readonly code?: number;
  readonly cached?: boolean;
  /** Of the span. */
  readonly minMs?: number;
}

async function json<Body>(path: string): Promise<Body> {
  const response = await fetch(`${store.url}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Body;
}

const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

async function inSql({
  service,
  name,
  kind,
  isFailed,
  user,
  code,
  cached,
  minMs,
}: Question): Promise<readonly string[]> {
  const conditions = [
    ...(service === undefined ? [] : [`service_name = ${literal(service)}`]),
    ...(name === undefined ? [] : [`span_name = ${literal(name)}`]),
    ...(kind === undefined ? [] : [`span_kind = ${literal(kind)}`]),
    ...(isFailed === undefined ? [] : [`status_code = 'error'`]),
    ...(user === undefined ? [] : [`span_tags ->> 'user' = ${literal(user)}`]),
    ...(code === undefined ? [] : [`(span_tags ->> 'code')::int8 = ${code}`]),
    ...(cached === undefined ? [] : [`(span_tags ->> 'cached')::bool = ${cached}`]),
    ...(minMs === undefined ? [] : [`duration_ms >= ${minMs}`]),
  ];
  const sql = `SELECT DISTINCT trace_id_hex FROM ps_trace.span WHERE ${['true', ...conditions].join(' AND ')}`;
  return (await queryAsReader<{ trace_id_hex: string }>(fresh.url, sql)).map((row) => row.trace_id_hex);
}

async function inTraceql({
  service,
  name,
  kind,
  isFailed,
  user,
  code,
  cached,
  minMs,
}: Question): Promise<readonly string[]> {
  const conditions = [
    ...(service === undefined ? [] : [`resource.service.name = ${JSON.stringify(service)}`]),
    ...(name === undefined ? [] : [`name = ${JSON.stringify(name)}`]),
    ...(kind === undefined ? [] : [`kind = ${kind}`]),
    ...(isFailed === undefined ? [] : ['status = error']),
    ...(user === undefined ? [] : [`span.user = ${JSON.stringify(user)}`]),
    ...(code === undefined ? [] : [`.code = ${code}`]),
    ...(cached === undefined ? [] : [`span.cached = ${cached}`]),
    ...(minMs === undefined ? [] : [`duration >= ${minMs}ms`]),
  ];
  const query = encodeURIComponent(`{ ${conditions.join(' && ')} }`);
  const { traces = [] } = await json<{ readonly traces?: readonly { readonly traceID: string }[] }>(
    `/tempo/api/search?q=${query}&limit=1000&start=${noonS - 3_600}&end=${noonS + 3_600}`,
  );
  return traces.map(({ traceID }) => traceID.padStart(32, '0'));
}

/** Tags, as users of Jaeger write them. */
function tagsOf({ kind, isFailed, user, code, cached }: Question): Readonly<Record<string, string>> {
  return {
    ...(kind === undefined ? {} : { 'span.kind': kind }),
    ...(isFailed === undefined ? {} : { error: 'true' }),
    ...(user === undefined ? {} : { user }),
    ...(code === undefined ? {} : { code: String(code) }),
    ...(cached === undefined ? {} : { cached: String(cached) }),
  };
}

async function inJaegerV1(question: Question): Promise<readonly string[]> {
  const { service = '', name, minMs } = question;
  const parameters = new URLSearchParams({
    service,
    ...(name === undefined ? {} : { operation: name }),
    ...(minMs === undefined ? {} : { minDuration: `${minMs}ms` }),
    tags: JSON.stringify(tagsOf(question)),
    start: `${noonS - 3_600}000000`,
    end: `${noonS + 3_600}000000`,
    limit: '1000',
  });
  const { data } = await json<{ readonly data: readonly { readonly traceID: string }[] }>(
    `/jaeger/api/traces?${parameters}`,
  );
  return data.map(({ traceID }) => traceID.padStart(32, '0'));
}

async function inJaegerV3(question: Question): Promise<readonly string[]> {
  const { service, name, minMs } = question;
  const time = (seconds: number): string => new Date(seconds * 1_000).toISOString();
  const parameters = new URLSearchParams({
    ...(service === undefined ? {} : { 'query.serviceName': service }),
    ...(name === undefined ? {} : { 'query.operationName': name }),
    ...(minMs === undefined ? {} : { 'query.durationMin': `${minMs}ms` }),
    'query.attributes': JSON.stringify(tagsOf(question)),
    'query.startTimeMin': time(noonS - 3_600),
    'query.startTimeMax': time(noonS + 3_600),
    'query.searchDepth': '1000',
  });
  const { summaries } = await json<{ readonly summaries: readonly { readonly traceId: string }[] }>(
    `/jaeger/api/v3/trace-summaries?${parameters}`,
  );
  return summaries.map(({ traceId }) => traceId);
}

async function inConsole(question: Question): Promise<readonly string[]> {
  const { service, name, kind, isFailed, user, code, cached, minMs } = question;
  const parameters = new URLSearchParams({
    ...(service === undefined ? {} : { service }),
    ...(name === undefined ? {} : { operation: name }),
    ...(kind === undefined ? {} : { kind }),
    ...(isFailed === undefined ? {} : { status: 'error' }),
    ...(minMs === undefined ? {} : { minDurationNs: String(BigInt(minMs) * ms), duration: 'span' }),
    limit: '1000',
  });
  for (const each of Object.entries({ user, code, cached })) {
    if (each[1] !== undefined) parameters.append('attribute', `${each[0]}=${each[1]}`);
  }
  const { traces } = await json<{ readonly traces: readonly { readonly traceId: string }[] }>(
    `/api/traces?${parameters}`,
  );
  return traces.map(({ traceId }) => traceId);
}

function randomQuestions(): readonly Question[] {
  const chance = new SeededRandom(42);
  return Array.from({ length: 40 }, () => ({
    ...(chance.chance(0.6) ? { service: chance.pick(services) } : {}),
    ...(chance.chance(0.3) ? { name: chance.pick(names) } : {}),
    ...(chance.chance(0.3) ? { kind: chance.pick(kinds) } : {}),
    ...(chance.chance(0.3) ? { isFailed: true as const } : {}),
    ...(chance.chance(0.3) ? { user: `user ${chance.below(9)}` } : {}),
    ...(chance.chance(0.3) ? { code: chance.pick([200, 404, 500]) } : {}),
    ...(chance.chance(0.2) ? { cached: chance.chance(0.5) } : {}),
    ...(chance.chance(0.3) ? { minMs: chance.below(2_000) } : {}),
  }));
}

describe('one question', () => {
  it('has the same traces in SQL, TraceQL, both versions of Jaeger and the console', async () => {
    let found = 0;
    for (const question of randomQuestions()) {
      const expected = (await inSql(question)).toSorted();
      found += expected.length;
      const answers = {
        traceql: await inTraceql(question),
        // It has no searches without a service.
        ...(question.service === undefined ? {} : { jaegerV1: await inJaegerV1(question) }),
        jaegerV3: await inJaegerV3(question),
        console: await inConsole(question),
      };
      for (const [dialect, ids] of Object.entries(answers)) {
        expect({ question, dialect, ids: ids.toSorted() }).toEqual({ question, dialect, ids: expected });
      }
    }
    expect(found).toBeGreaterThan(traceCount);
  });

  it('counts the same spans in SQL and TraceQL', async () => {
    const rows = await queryAsReader<{ service_name: string; calls: number }>(
      fresh.url,
      `SELECT service_name, count(*)::int4 AS calls FROM ps_trace.span WHERE status_code = 'error' GROUP BY 1 ORDER BY 1`,
    );
    const query = encodeURIComponent('{ status = error } | count_over_time() by(resource.service.name)');
    const { series } = await json<{
      readonly series: readonly {
        readonly labels: readonly { readonly value: { readonly stringValue: string } }[];
        readonly value: number;
      }[];
    }>(`/tempo/api/metrics/query?q=${query}&start=${noonS - 3_600}&end=${noonS + 3_600}`);
    const counted = series.map(({ labels: [label], value }) => ({
      service_name: label?.value.stringValue ?? '',
      calls: value,
    }));
    expect(counted.toSorted((left, right) => (left.service_name < right.service_name ? -1 : 1))).toEqual(rows);
  });
});
