import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryAsReader, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { sendTrace, type SpanSketch, traceIdHex } from '@spandrel/testing/span-forest';

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** Spans as [id, parent, start, end], and the self time in nanoseconds that each should have. */
const traces: readonly (readonly [
  string,
  readonly (readonly [number, number, number, number])[],
  readonly number[],
])[] = [
  ['a span alone has all of its time', [[1, 0, 0, 100]], [100]],
  [
    'children one after the other are taken off',
    [
      [1, 0, 0, 100],
      [2, 1, 10, 20],
      [3, 1, 30, 50],
    ],
    [70, 10, 20],
  ],
  [
    'children at the same time are taken off once',
    [
      [1, 0, 0, 100],
      [2, 1, 10, 60],
      [3, 1, 20, 30],
      [4, 1, 50, 80],
      [5, 1, 80, 90],
    ],
    [20, 50, 10, 30, 10],
  ],
  [
    'of a child that outlasts its parent, or begins before it, what lies inside is taken off',
    [
      [1, 0, 100, 200],
      [2, 1, 50, 120],
      [3, 1, 180, 900],
      [4, 1, 300, 400],
      [5, 1, 10, 20],
    ],
    [60, 70, 720, 100, 10],
  ],
  [
    'grandchildren count in their parent alone',
    [
      [1, 0, 0, 100],
      [2, 1, 10, 50],
      [3, 2, 20, 90],
    ],
    [60, 10, 70],
  ],
  [
    'a span that ends before it starts has none and takes none',
    [
      [1, 0, 0, 100],
      [2, 1, 50, 20],
      [3, 2, 0, 100],
    ],
    [100, 0, 100],
  ],
  [
    'a span that is its own parent, and two that are parents of each other',
    [
      [1, 1, 0, 100],
      [2, 3, 0, 100],
      [3, 2, 40, 60],
    ],
    [100, 80, 0],
  ],
  [
    'spans that share their id have the same children',
    [
      [1, 0, 0, 100],
      [1, 0, 50, 150],
      [2, 1, 60, 70],
    ],
    [90, 90, 10],
  ],
  ['an orphan is a span like others', [[7, 99, 0, 5]], [5]],
];

describe('self time', () => {
  beforeAll(async () => {
    for (const [number, [, spans]] of traces.entries()) {
      const sketches: readonly SpanSketch[] = spans.map(([id, parent, start, end], n) => ({
        id,
        parent,
        start,
        end,
        name: `span ${n}`,
      }));
      await sendTrace(store, number, sketches);
    }
  });

  it.each(traces.map(([title, , expected], number) => [title, number, expected] as const))(
    '%s',
    async (_title, number, expected) => {
      const rows = await queryAsReader<{ self_ms: number }>(
        database.url,
        'SELECT self_ms FROM ps_trace.self_time($1) ORDER BY span_name',
        [traceIdHex(number)],
      );
      expect(rows.map(({ self_ms }) => Math.round(self_ms * 1e6))).toEqual(expected);
    },
  );

  it('is the same over a range of time, which ends before its end', async () => {
    const between = async (from: string, to: string): Promise<readonly unknown[]> =>
      queryAsReader(
        database.url,
        `SELECT trace_id, span_name, service_name, span_kind, start_time, duration_ms, self_ms
         FROM ps_trace.self_time($1::timestamptz, $2::timestamptz) ORDER BY trace_id, span_name`,
        [from, to],
      );
    const all = await queryAsReader(
      database.url,
      `SELECT t.trace_id, t.span_name, t.service_name, t.span_kind, t.start_time, t.duration_ms, t.self_ms
       FROM (SELECT DISTINCT trace_id FROM ps_trace.span) s, ps_trace.self_time(s.trace_id) t
       ORDER BY t.trace_id, t.span_name`,
    );
    expect(all).toHaveLength(traces.reduce((sum, [, spans]) => sum + spans.length, 0));
    expect(await between('2023-11-14 22:13:20+00', '2023-11-14 22:13:20.000001+00')).toEqual(all);
    expect(await between('2023-11-14 22:00+00', '2023-11-14 22:13:20+00')).toEqual([]);
  });
});
