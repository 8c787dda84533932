import {
  type DifferencesResponse,
  differencesResponse,
  type GroupsResponse,
  groupsResponse,
} from '@spandrel/console-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const ms = 1_000_000n;
const startNs = (BigInt(Date.now()) - 600_000n) * ms;
const traces = 200;
const hostileKey = `'; DROP TABLE tracestore.span; -- $1 :'x' "`;

let database: FreshDatabase;
let store: RunningTracestore;

/**
 * Trace n: a request of the service shop that lasts longer than its span, because of a later span of the service stock. One of
 * five fails, in the region south. The last 20 are slow, with another shard in their second span.
 */
function spansOf(n: number): { readonly shop: SpanInit; readonly stock: SpanInit } {
  const isFailed = n % 5 === 0;
  const isSlow = n >= traces - 20;
  const at = startNs + BigInt(n) * 1_000n * ms;
  const ids = { traceId: hexBytes((n + 1).toString(16).padStart(32, '0')) };
  return {
    shop: goodSpan({
      ...ids,
      spanId: hexBytes('00000000000000aa'),
      name: n % 2 === 0 ? 'GET /cart' : 'POST /order',
      kind: 2,
      startTimeUnixNano: at,
      endTimeUnixNano: at + 10n * ms,
      ...(isFailed ? { status: { code: 2 } } : {}),
      attributes: [
        text('region', isFailed ? 'south' : 'north'),
        text('request.id', `id-${n}`),
        text(hostileKey, isFailed ? hostileKey : 'calm'),
        attribute('retries', { case: 'intValue', value: BigInt(n % 3) }),
        text('group', `group-${n % 60}`),
      ],
      events: isFailed ? [{ name: 'exception', attributes: [text('exception.type', 'Timeout')] }] : [],
    }),
    stock: goodSpan({
      ...ids,
      spanId: hexBytes('00000000000000bb'),
      parentSpanId: hexBytes('00000000000000aa'),
      name: 'SELECT stock',
      kind: 3,
      startTimeUnixNano: at + 5n * ms,
      endTimeUnixNano: at + (isSlow ? 900n : 20n) * ms,
      attributes: [text('shard', isSlow ? 'b' : 'a')],
    }),
  };
}

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { queryTimeoutMs: 20_000 });
  const all = Array.from({ length: traces }, (_, n) => spansOf(n));
  await sendGrpc(
    store.grpcAddress,
    encodeProtobuf(
      requestOf(
        all.map(({ shop }) => shop),
        'shop',
      ),
    ),
  );
  await sendGrpc(
    store.grpcAddress,
    encodeProtobuf(
      requestOf(
        all.map(({ stock }) => stock),
        'stock',
      ),
    ),
  );
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

type Query = readonly (readonly [name: string, value: string])[];

function api(path: 'differences' | 'groups', query: Query): Promise<Response> {
  return fetch(
    `${store.url}/api/traces/${path}?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()}`,
  );
}

async function differences(...query: Query): Promise<DifferencesResponse> {
  const response = await api('differences', query);
  expect(response.status, await response.clone().text()).toBe(200);
  return differencesResponse.parse(await response.json());
}

async function groups(...query: Query): Promise<GroupsResponse> {
  const response = await api('groups', query);
  expect(response.status, await response.clone().text()).toBe(200);
  return groupsResponse.parse(await response.json());
}

const named = ({ differences: all }: DifferencesResponse): ReadonlySet<string> =>
  new Set(all.map(({ level, key, value }) => `${level} ${key}=${value}`));

describe('GET /api/traces/differences', () => {
  it('finds what failed traces have, and the others lack', async () => {
    const answer = await differences(['selectStatus', 'error']);
    expect(answer.inside).toEqual({ traces: 40, isSampled: false });
    expect(answer.outside).toEqual({ traces: 160, isSampled: false });
    expect(named(answer)).toEqual(
      new Set([
        'span region=south',
        'span region=north',
        `span ${hostileKey}=${hostileKey}`,
        `span ${hostileKey}=calm`,
        'field status=error',
        'field event=exception',
        'event exception.type=Timeout',
      ]),
    );
    expect(answer.differences.find(({ value }) => value === 'south')).toMatchObject({ inside: 40, outside: 0 });
  });

  it('selects the slowest 5 % of traces by the duration of the trace', async () => {
    const answer = await differences(['selectSlowest', 'true']);
    // 20 traces last 900 ms, and 5 % of the traces are 10: as many as have the same duration.
    expect(answer.inside.traces).toBe(20);
    expect(answer.slowestFromNs).toBe(900 * Number(ms));
    expect(answer.differences.slice(0, 2).map(({ key }) => key)).toEqual(['shard', 'shard']);
  });

  it.each<readonly [string, Query, number, number]>([
    ['a duration', [['selectMinDurationNs', String(500n * ms)]], 20, 180],
    [
      'a least and a greatest duration',
      [
        ['selectMinDurationNs', '0'],
        ['selectMaxDurationNs', String(30n * ms)],
      ],
      180,
      20,
    ],
    [
      'a time',
      [
        ['selectFrom', String(startNs + 150_000n * ms)],
        ['selectTo', String(startNs + 400_000n * ms)],
      ],
      50,
      150,
    ],
    ['an attribute', [['selectAttribute', 'region=south']], 40, 160],
    [
      'an operation',
      [
        ['selectService', 'shop'],
        ['selectOperation', 'GET /cart'],
      ],
      100,
      100,
    ],
    [
      'two conditions of different spans',
      [
        ['selectService', 'stock'],
        ['selectAttribute', 'region=south'],
      ],
      0,
      200,
    ],
  ])('selects by %s', async (_, query, inside, outside) => {
    const answer = await differences(...query);
    expect([answer.inside.traces, answer.outside.traces]).toEqual([inside, outside]);
  });

  it('compares within the traces of the search', async () => {
    const answer = await differences(
      ['service', 'shop'],
      ['operation', 'GET /cart'],
      ['maxDurationNs', String(100n * ms)],
      ['from', String(startNs)],
      ['to', String(startNs + 99_000n * ms)],
      ['selectStatus', 'error'],
    );
    expect([answer.inside.traces, answer.outside.traces]).toEqual([10, 40]);
  });

  it('takes hostile keys and values as texts', async () => {
    const answer = await differences(['selectAttribute', `${JSON.stringify(hostileKey)}=${hostileKey}`]);
    expect(answer.inside.traces).toBe(40);
    expect(await queryOnce(database.url, 'SELECT FROM tracestore.span LIMIT 1')).toHaveLength(1);
  });

  it.each<readonly [string, Query, string]>([
    ['no selection', [['service', 'shop']], 'selectStatus'],
    ['an unknown status', [['selectStatus', 'bad']], 'selectStatus'],
    ['a duration that is no number', [['selectMinDurationNs', '5ms']], 'selectMinDurationNs'],
    ['a condition without a key', [['selectAttribute', '=x']], 'attribute'],
    ['an endless pattern', [['selectAttribute', 'a~(']], 'attribute a~('],
  ])('rejects %s with its field', async (_, query, field) => {
    const response = await api('differences', query);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(field);
  });
});

describe('GET /api/traces/groups', () => {
  it('counts calls, errors and durations by an attribute', async () => {
    const answer = await groups(['by', 'region'], ['service', 'shop']);
    const durations = { p50Ns: 10e6, p95Ns: 10e6, p99Ns: 10e6 };
    expect(answer).toEqual({
      groups: [
        { value: 'north', calls: 160, errors: 0, ...durations },
        { value: 'south', calls: 40, errors: 40, ...durations },
      ],
      rest: null,
      sampledShare: 1,
    });
  });

  it.each<readonly [string, readonly (readonly [string | null, number])[]]>([
    [
      'service',
      [
        ['shop', 200],
        ['stock', 200],
      ],
    ],
    [
      'operation',
      [
        ['SELECT stock', 200],
        ['GET /cart', 100],
        ['POST /order', 100],
      ],
    ],
    [
      'kind',
      [
        ['client', 200],
        ['server', 200],
      ],
    ],
    [
      'status',
      [
        ['unset', 360],
        ['error', 40],
      ],
    ],
    [
      'shard',
      [
        [null, 200],
        ['a', 180],
        ['b', 20],
      ],
    ],
    [
      'service.name',
      [
        ['shop', 200],
        ['stock', 200],
      ],
    ],
    [
      hostileKey,
      [
        [null, 200],
        ['calm', 160],
        [hostileKey, 40],
      ],
    ],
  ])('groups by %s', async (by, expected) => {
    const { groups: all } = await groups(['by', by]);
    expect(all.map(({ value, calls }) => [value, calls])).toEqual(expected);
  });

  it('sums the values after the 50 most frequent', async () => {
    const { groups: all, rest } = await groups(['by', 'group'], ['service', 'shop']);
    expect(all).toHaveLength(50);
    expect(rest).toMatchObject({ values: 10, calls: 200 - all.reduce((sum, { calls }) => sum + calls, 0) });
  });

  it('groups the spans of traces of a duration', async () => {
    const { groups: all } = await groups(['by', 'shard'], ['service', 'stock'], ['minDurationNs', String(500n * ms)]);
    expect(all).toEqual([{ value: 'b', calls: 20, errors: 0, p50Ns: 895e6, p95Ns: 895e6, p99Ns: 895e6 }]);
  });

  it('groups by an attribute that is called as a field', async () => {
    const { groups: all } = await groups(['by', 'status'], ['byAttribute', 'true']);
    expect(all.map(({ value, calls }) => [value, calls])).toEqual([[null, 400]]);
  });

  it.each<readonly [string, Query, string]>([
    ['no key', [], 'by'],
    ['an empty key', [['by', '']], 'by'],
    ['a long key', [['by', 'x'.repeat(1_001)]], 'by'],
  ])('rejects %s with its field', async (_, query, field) => {
    const response = await api('groups', query);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(field);
  });
});
