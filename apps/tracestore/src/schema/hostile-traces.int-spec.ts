import { SeededRandom } from '../../../../bench/corpus/random.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { sendTrace, type SpanSketch, traceIdHex } from '@spandrel/testing/span-forest';

let database: FreshDatabase;
let store: RunningTracestore;

const range = (count: number, make: (n: number) => SpanSketch): readonly SpanSketch[] =>
  Array.from({ length: count }, (_, n) => make(n + 1));

/** Traces that make a join of spans with their parents large, or a recursion deep. */
const traces: Readonly<Record<string, readonly SpanSketch[]>> = {
  'spans of two ids that are each other’s parents': range(10_000, (n) => ({
    id: 1 + (n % 2),
    parent: 2 - (n % 2),
    start: n,
    end: 20_000 - n,
  })),
  'twins with as many children': range(10_000, (n) => ({
    id: n % 2 === 0 ? 1 : n,
    parent: n % 2 === 0 ? 0 : 1,
    start: n,
    end: n + 50,
  })),
  'children of one parent': range(20_000, (n) => ({ id: n, parent: n === 1 ? 0 : 1, start: n, end: n + 5 })),
  'spans with an event and an operation each': range(20_000, (n) => ({
    id: n,
    parent: n >> 1,
    start: n,
    end: 40_000 - n,
    name: `operation ${n}`,
    over: { events: [{ name: 'e' }] },
  })),
  'a chain': range(30_000, (n) => ({ id: n, parent: n - 1, start: n, end: 60_000 - n })),
  'one cycle': range(20_000, (n) => ({ id: n, parent: n === 1 ? 20_000 : n - 1, start: n, end: n + 5 })),
  'cycles of two': range(20_000, (n) => ({ id: n, parent: n % 2 === 0 ? n - 1 : n + 1, start: n, end: n + 5 })),
  'spans that are their own parents': range(10_000, (n) => ({ id: n % 3, parent: n % 3, start: n, end: n + 5 })),
  orphans: range(20_000, (n) => ({ id: n, parent: n + 100_000, start: n, end: n + 5 })),
  'twins at the end of a chain': range(20_000, (n) => ({
    id: Math.min(n, 10_000),
    parent: Math.min(n, 10_000) - 1,
    start: n,
    end: 40_000 - n,
  })),
};
const names = Object.keys(traces);

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
  for (const [number, name] of names.entries()) await sendTrace(store, number, traces[name] ?? []);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** Each would take minutes if it were quadratic. */
const statements: Readonly<Record<string, string>> = {
  self_time: 'SELECT count(*) FROM ps_trace.self_time($1)',
  trace_tree: 'SELECT count(*) FROM ps_trace.trace_tree($1)',
  upstream_spans: 'SELECT count(*) FROM ps_trace.upstream_spans($1, 10000)',
  downstream_spans: 'SELECT count(*) FROM ps_trace.downstream_spans($1, 1)',
  span_tree: 'SELECT count(*) FROM ps_trace.span_tree($1, 2)',
  sibling_spans: 'SELECT count(*) FROM ps_trace.sibling_spans($1, 2)',
  critical_path: 'SELECT count(*) FROM ps_trace.critical_path($1)',
  trace_otlp: 'SELECT length(ps_trace.trace_otlp($1)::text) AS count',
  trace: 'SELECT count(*) FROM ps_trace.trace WHERE trace_id = $1',
};

it.each(names.flatMap((name) => Object.entries(statements).map(([of, sql]) => [of, name, sql] as const)))(
  '%s of %s takes no quadratic time',
  async (_, name, sql) => {
    const rows = await queryOnce(database.url, sql, [traceIdHex(names.indexOf(name))]);
    expect(rows).toHaveLength(1);
  },
  60_000,
);

it.each(['operation_calls', 'self_time', 'traces'])(
  '%s of a range of them takes no quadratic time',
  async (name) => {
    const sql = `SELECT count(*) FROM ps_trace.${name}('2023-11-14 00:00:00Z', '2023-11-15 00:00:00Z')`;
    expect(await queryOnce(database.url, sql)).toHaveLength(1);
  },
  60_000,
);

const paths: Readonly<Record<string, (traceId: string) => string>> = {
  'the waterfall': (id) => `api/traces/${id}`,
  'the export': (id) => `api/traces/${id}/otlp`,
  'a search for words': (id) => `api/traces/${id}/matches?text=17`,
  'the older Jaeger API': (id) => `jaeger/api/traces/${id}`,
  'the newer Jaeger API': (id) => `jaeger/api/v3/traces/${id}`,
};

it.each(names.flatMap((name) => Object.entries(paths).map(([of, path]) => [of, name, path] as const)))(
  '%s of %s takes no quadratic time',
  async (_, name, path) => {
    const response = await fetch(`${store.url}/${path(traceIdHex(names.indexOf(name)))}`);
    expect([response.status, (await response.text()).length > 0]).toEqual([200, true]);
  },
  60_000,
);

it('summaries of all of them take no quadratic time', async () => {
  const found: object[] = [];
  let cursor: string | null = '';
  // On a busy machine a page ends before the range does.
  while (cursor !== null) {
    const page = new URLSearchParams({ service: 'shop', limit: '1000', ...(cursor !== '' && { cursor }) });
    const response = await fetch(`${store.url}/api/traces?${page.toString()}`);
    const body = (await response.json()) as { readonly traces: readonly object[]; readonly nextCursor: string | null };
    found.push(...body.traces);
    cursor = body.nextCursor;
  }
  expect(found).toHaveLength(names.length);
}, 60_000);

/** What no child of a span covers, nanosecond by nanosecond. */
function selfTimes(spans: readonly SpanSketch[]): readonly number[] {
  return spans.map(({ id, start, end }) => {
    const children = spans.filter((child) => child.parent === id && child.id !== id);
    const isOwn = (at: number): boolean => children.every((child) => at < child.start || at >= child.end);
    return Array.from({ length: Math.max(0, end - start) }, (_, n) => start + n).filter(isOwn).length;
  });
}

it.each(Array.from({ length: 20 }, (_, n) => n))(
  'self time of spans that share ids is exact (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const spans = range(12, (n) => {
      const start = random.below(40);
      return {
        id: 1 + random.below(4),
        parent: random.below(5),
        start,
        end: start + random.below(30) - 2,
        name: `${n}`,
      };
    });
    await sendTrace(store, 1_000 + seed, spans);
    const rows = await queryOnce<{ self_ms: number }>(
      database.url,
      'SELECT self_ms FROM ps_trace.self_time($1) ORDER BY span_name::int4',
      [traceIdHex(1_000 + seed)],
    );
    expect(rows.map(({ self_ms }) => Math.round(self_ms * 1e6))).toEqual(selfTimes(spans));
  },
);
