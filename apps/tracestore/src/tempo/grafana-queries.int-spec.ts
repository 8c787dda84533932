import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueryRangeResponseSchema, SearchResponseSchema } from '../gen/tempopb/tempo_pb.js';

/*
 * What Grafana's Tempo data source and Traces Drilldown ask, in the shape in which they ask it, and what they need of an answer.
 */

const ms = 1_000_000n;
const nowS = 1_700_000_400;
const now = BigInt(nowS) * 1_000_000_000n;
const fromS = nowS - 1_800;

let fresh: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  for (let n = 1; n <= 6; n += 1) {
    const traceId = hexBytes(n.toString(16).padStart(32, 'a'));
    const start = now - BigInt(n) * 60_000n * ms;
    const id = (child: number) => hexBytes((n * 16 + child).toString(16).padStart(16, '0'));
    const failed = n % 2 === 0;
    const root = goodSpan({
      traceId,
      spanId: id(1),
      name: 'GET /orders',
      kind: 2,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(n * 100) * ms,
      attributes: [attribute('http.status_code', { case: 'intValue', value: failed ? 500n : 200n })],
      ...(failed
        ? {
            status: { code: 2 as const, message: 'broken' },
            events: [
              {
                timeUnixNano: start + ms,
                name: 'exception',
                attributes: [
                  text('exception.message', `order 0a1b2c3d of "user" failed\nfor good`),
                  text('exception.type', 'OrderError'),
                  text('exception.stacktrace', 'at place\n at other'),
                ],
              },
            ],
          }
        : {}),
    });
    const query = goodSpan({
      traceId,
      spanId: id(2),
      parentSpanId: id(1),
      name: 'SELECT orders',
      kind: 3,
      startTimeUnixNano: start + 2n * ms,
      endTimeUnixNano: start + 20n * ms,
      attributes: [text('db.system.name', 'postgresql')],
    });
    const consume = goodSpan({
      traceId,
      spanId: id(3),
      parentSpanId: id(2),
      name: 'mail',
      kind: 5,
      startTimeUnixNano: start + 5n * ms,
      endTimeUnixNano: start + 9n * ms,
    });
    await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([root], 'shop')));
    await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([query, consume], 'store')));
  }
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

async function ask<Schema extends DescMessage>(
  path: string,
  parameters: Readonly<Record<string, string | number>>,
  schema: Schema,
): Promise<MessageShape<Schema>> {
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`http://${store.tempoAddress}${path}?${query}`);
  const body = await response.text();
  expect([parameters['q'], response.status, response.status === 200 ? '' : body]).toEqual([parameters['q'], 200, '']);
  const json = JSON.parse(body) as JsonValue;
  const message = fromJson(schema, json, { ignoreUnknownFields: false });
  expect(json).toEqual(toJson(schema, message));
  return message;
}

const range = (q: string, step = '36s') =>
  ask('/api/metrics/query_range', { q, start: fromS, end: nowS, step, exemplars: 100 }, QueryRangeResponseSchema);
const search = (q: string, limit: number, spss: number) =>
  ask('/api/search', { q, limit, spss, start: fromS, end: nowS }, SearchResponseSchema);

const signals = ['nestedSetParent<0', 'true', 'kind=server', 'kind=consumer', 'span.db.system.name!=""'];
const filters = [
  'true',
  'resource.service.name="shop"',
  'span.http.status_code=500 && duration>1ms',
  'resource.service.name=~"shop|store" && name!="nothing"',
];
const attributes = [
  'resource.service.name',
  'name',
  'kind',
  'rootName',
  'rootServiceName',
  'status',
  'statusMessage',
  'span.http.status_code',
];

describe('Traces Drilldown', () => {
  it.each(signals.flatMap((signal) => filters.map((filter) => `${signal} && ${filter}`)))(
    'gets its panels for %s',
    async (selected) => {
      const rate = await range(`{${selected}} | rate()`);
      expect(rate.series.length).toBe(1);
      expect(rate.series[0]?.labels).toMatchObject([{ key: '__name__', value: { value: { value: 'rate' } } }]);
      await range(`{${selected} && status=error} | rate()`);
      const quantiles = await range(`{${selected}} | quantile_over_time(duration, 0.5,0.9,0.99)`);
      for (const { labels } of quantiles.series) {
        expect(labels).toMatchObject([{ key: 'p', value: { value: { case: 'doubleValue' } } }]);
      }
      const heat = await range(`{${selected}} | histogram_over_time(duration)`);
      for (const { labels } of heat.series) {
        expect(labels).toMatchObject([{ key: '__bucket', value: { value: { case: 'doubleValue' } } }]);
      }
    },
  );

  it.each(attributes)('breaks down by %s', async (key) => {
    for (const filter of ['', ' && status=error']) {
      const { series } = await range(`{nestedSetParent<0 && true${filter} && ${key} != nil} | rate() by(${key})`);
      expect(series.length).toBeGreaterThan(0);
      expect(series.every(({ labels }) => labels.length === 1 && labels[0]?.key === key)).toBe(true);
    }
    const { series } = await range(
      `{nestedSetParent<0 && true && ${key} != nil} | quantile_over_time(duration, 0.9) by(${key})`,
    );
    expect(
      series.every(
        ({ labels }) =>
          labels
            .map((label) => label.key)
            .toSorted()
            .join() === [key, 'p'].toSorted().join(),
      ),
    ).toBe(true);
  });

  it('compares selected spans with the others, with a step as long as the range', async () => {
    const nanoseconds = `${BigInt(fromS) * 1_000n * ms}, ${now}`;
    for (const selection of [
      'compare({status = error})',
      `compare({status = error}, 10, ${nanoseconds})`,
      `compare({duration >= 100ms && duration <= 400ms}, 10, ${nanoseconds})`,
      'compare({})',
    ]) {
      const { series } = await range(`{nestedSetParent<0 && true} | ${selection}`, `${nowS - fromS}s`);
      const types = series.flatMap(({ labels }) =>
        labels.filter(({ key }) => key === '__meta_type').map(({ value }) => value?.value.value),
      );
      expect([...new Set(types)]).toEqual(expect.arrayContaining(['selection', 'selection_total']));
      expect(series.every(({ labels }) => labels.length === 2)).toBe(true);
    }
  });

  it('lists spans with the columns of its table', async () => {
    for (const filter of ['', ' && status = error', ' && duration >= 100ms && duration <= 500ms']) {
      const { traces } = await search(
        `{nestedSetParent<0 && true${filter}} | select(status, resource.service.name, name, nestedSetParent, span.http.status_code)`,
        200,
        10,
      );
      expect(traces.length).toBeGreaterThan(0);
      expect(traces[0]?.spanSet?.spans[0]?.name).toBe('GET /orders');
    }
  });

  it.each(['kind = server', 'status = error', 'duration > 50ms'])(
    'draws the structure of traces with %s',
    async (condition) => {
      const selected = 'nestedSetParent<0 && true';
      const { traces } = await search(
        `({${selected} && ${condition}} &>> { ${condition} }) || ({${selected} && ${condition}}) | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)`,
        200,
        20,
      );
      expect(traces.length).toBeGreaterThan(0);
      for (const { spanSets } of traces) {
        expect(spanSets.length).toBe(1);
        const values = spanSets.flatMap(({ spans }) =>
          spans.map((span) => new Map(span.attributes.map(({ key, value }) => [key, value?.value]))),
        );
        expect(values.map((value) => value.get('nestedSetParent'))).toContainEqual({ case: 'intValue', value: -1n });
        for (const value of values) {
          expect(value.get('nestedSetLeft')).toMatchObject({ case: 'intValue' });
          expect(value.get('nestedSetRight')).toMatchObject({ case: 'intValue' });
          expect(value.get('service.name')).toMatchObject({ case: 'stringValue' });
        }
      }
    },
  );

  it('lists exceptions, and finds them by message', async () => {
    const { traces } = await search(
      '{nestedSetParent<0 && true && status = error} | select(resource.service.name, event.exception.message,event.exception.stacktrace,event.exception.type) with(most_recent=true)',
      400,
      10,
    );
    expect(traces.length).toBe(3);
    const keys = traces[0]?.spanSets[0]?.spans[0]?.attributes.map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining(['exception.message', 'exception.stacktrace', 'exception.type', 'service.name']),
    );
    for (const filter of [
      String.raw`event.exception.message = "order 0a1b2c3d of \"user\" failed\nfor good"`,
      String.raw`event.exception.message =~ "^order [a-fA-F0-9]{8} of \\S+ failed\\s+for (?:good|bad){1}$"`,
    ]) {
      const { series } = await range(`{nestedSetParent<0 && ${filter}} | rate()`);
      expect(series[0]?.samples.some(({ value }) => value > 0)).toBe(true);
    }
  });

  it('starts with a query of one minute, and hints for sampling change nothing', async () => {
    await ask(
      '/api/metrics/query_range',
      { q: '{} | rate()', start: nowS - 60, end: nowS, step: '1s' },
      QueryRangeResponseSchema,
    );
    const exact = await range('{true && true} | rate()');
    const sampled = await range('{true && true} | rate() with(sample=true)');
    expect(sampled.series).toEqual(exact.series);
  });
});

describe('the search builder', () => {
  it.each([
    ['{}', 6],
    [
      '{resource.service.name="shop" && name="GET /orders" && span.http.status_code>=500 && duration>100ms && traceDuration>150ms}',
      3,
    ],
    ['{name=~"GET /orders|mail"}', 6],
    ['{(name="mail" || name="nothing")}', 6],
    ['{status=error && kind=server}', 3],
    [
      '{span.db.name="orders" || span.db.system="x" || span.peer.service="y" || span.messaging.system="z" || span.net.peer.name="n"}',
      0,
    ],
  ])('finds traces with %s', async (q, count) => {
    expect((await search(q, 20, 3)).traces.length).toBe(count);
  });
});
