import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { fullRequest } from '@spandrel/testing/requests';
import {
  queryAsReader,
  queryOnce,
  type RunningTracestore,
  startTracestore,
} from '@spandrel/testing/running-tracestore';
import { sendTrace, type SpanSketch, traceIdHex, traceStartUnixNano } from '@spandrel/testing/span-forest';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';

type Sketch = readonly [id: number, parent: number, start: number, end: number];

let database: FreshDatabase;
let store: RunningTracestore;
let tracesSent = 0;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** Stores spans as a trace of their own; its id in hex. */
async function stored(sketches: readonly Sketch[]): Promise<string> {
  tracesSent += 1;
  const spans: readonly SpanSketch[] = sketches.map(([id, parent, start, end]) => ({ id, parent, start, end }));
  await sendTrace(store, tracesSent, spans);
  return traceIdHex(tracesSent);
}

const ask = (sql: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> =>
  queryAsReader(database.url, sql, values);

/** A tree in few words: level, span and the way to it. */
async function tree(trace: string): Promise<readonly string[]> {
  const rows = await ask('SELECT lvl, span_id, parent_span_id, path FROM ps_trace.trace_tree($1)', [trace]);
  return rows.map(({ lvl, span_id, path }) => `${lvl} ${span_id} ${String(path)}`);
}

/** 1 ─┬─ 2 ─── 4 ─── 6, and 3 ─── 5 */
const family: readonly Sketch[] = [
  [4, 2, 20, 30],
  [2, 1, 10, 50],
  [1, 0, 0, 100],
  [3, 1, 40, 90],
  [6, 4, 21, 29],
  [5, 3, 41, 89],
];

describe('trace_tree', () => {
  it('has parents before their children, and siblings in the order in which they start', async () => {
    expect(await tree(await stored(family))).toEqual([
      '1 1 1',
      '2 2 1,2',
      '3 4 1,2,4',
      '4 6 1,2,4,6',
      '2 3 1,3',
      '3 5 1,3,5',
    ]);
  });

  it('has every root, and spans whose parent is not stored among them', async () => {
    const trace = await stored([
      [1, 0, 0, 10],
      [2, 99, 1, 9],
      [3, 2, 2, 8],
      [4, 0, 3, 7],
    ]);
    expect(await tree(trace)).toEqual(['1 1 1', '1 2 2', '2 3 2,3', '1 4 4']);
    expect(await ask('SELECT parent_span_id FROM ps_trace.trace_tree($1) WHERE span_id = 2', [trace])).toEqual([
      { parent_span_id: '99' },
    ]);
  });

  it('breaks every cycle at its earliest span', async () => {
    const trace = await stored([
      [1, 1, 50, 60],
      [2, 4, 30, 90],
      [3, 2, 20, 80],
      [4, 3, 10, 70],
      [5, 3, 40, 45],
      [6, 5, 5, 6],
    ]);
    expect(await tree(trace)).toEqual(['1 4 4', '2 2 4,2', '3 3 4,2,3', '4 5 4,2,3,5', '5 6 4,2,3,5,6', '1 1 1']);
  });

  it('hangs children on the first of the spans that share an id', async () => {
    const trace = await stored([
      [1, 0, 0, 10],
      [1, 0, 5, 15],
      [2, 1, 6, 7],
    ]);
    expect(await tree(trace)).toEqual(['1 1 1', '2 2 1,2', '1 1 1']);
  });

  it('is empty for a trace that is not known, and for none', async () => {
    expect(await tree(traceIdHex(999_999))).toEqual([]);
    expect(await ask('SELECT FROM ps_trace.trace_tree(NULL)', [])).toEqual([]);
  });
});

describe('the spans around a span', () => {
  it.each([
    [
      'upstream_spans($1, 4)',
      [
        { span_id: '4', parent_span_id: '2', dist: 0, path: ['4'] },
        { span_id: '2', parent_span_id: '1', dist: 1, path: ['2', '4'] },
        { span_id: '1', parent_span_id: null, dist: 2, path: ['1', '2', '4'] },
      ],
    ],
    [
      'upstream_spans($1, 4, 1)',
      [
        { span_id: '4', parent_span_id: '2', dist: 0, path: ['4'] },
        { span_id: '2', parent_span_id: '1', dist: 1, path: ['2', '4'] },
      ],
    ],
    ['upstream_spans($1, 1)', [{ span_id: '1', parent_span_id: null, dist: 0, path: ['1'] }]],
    [
      'downstream_spans($1, 2)',
      [
        { span_id: '2', parent_span_id: '1', dist: 0, path: ['2'] },
        { span_id: '4', parent_span_id: '2', dist: 1, path: ['2', '4'] },
        { span_id: '6', parent_span_id: '4', dist: 2, path: ['2', '4', '6'] },
      ],
    ],
    ['downstream_spans($1, 3, 0)', [{ span_id: '3', parent_span_id: '1', dist: 0, path: ['3'] }]],
    ['downstream_spans($1, -7)', []],
    ['upstream_spans($1, NULL)', []],
    [
      'sibling_spans($1, 3)',
      [
        { span_id: '2', parent_span_id: '1' },
        { span_id: '3', parent_span_id: '1' },
      ],
    ],
    ['sibling_spans($1, 1)', []],
    [
      'span_tree($1, 2, 1)',
      [
        { span_id: '1', parent_span_id: null, dist: 1, is_upstream: true, is_downstream: false, path: ['1', '2'] },
        { span_id: '2', parent_span_id: '1', dist: 0, is_upstream: false, is_downstream: false, path: ['2'] },
        { span_id: '4', parent_span_id: '2', dist: 1, is_upstream: false, is_downstream: true, path: ['2', '4'] },
      ],
    ],
  ])('are given by %s', async (call, expected) => {
    const trace = await stored(family);
    const dashed = trace.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    expect(await ask(`SELECT * FROM ps_trace.${call}`, [trace])).toEqual(
      expected.map((row) => ({ trace_id: dashed, ...row })),
    );
  });

  it('are those of every span that shares the id', async () => {
    const trace = await stored([
      [1, 0, 0, 10],
      [2, 1, 1, 9],
      [2, 7, 2, 8],
      [3, 2, 3, 7],
    ]);
    const ids = async (call: string): Promise<readonly unknown[]> =>
      (await ask(`SELECT span_id FROM ps_trace.${call}`, [trace])).map(({ span_id }) => span_id);
    expect(await ids('upstream_spans($1, 2)')).toEqual(['2', '1', '2']);
    expect(await ids('downstream_spans($1, 2)')).toEqual(['2', '3', '2']);
  });
});

describe('critical_path', () => {
  const sections = async (trace: string): Promise<readonly string[]> => {
    const rows = await ask(
      `SELECT span_id, section_start_unix_nano - $2::int8 AS start, section_end_unix_nano - $2::int8 AS end, section_ms
       FROM ps_trace.critical_path($1)`,
      [trace, traceStartUnixNano.toString()],
    );
    for (const { start, end, section_ms } of rows) {
      expect(section_ms).toBeCloseTo((Number(end) - Number(start)) / 1e6, 9);
    }
    return rows.map(({ span_id, start, end }) => `${start}-${end} ${span_id}`);
  };

  it.each<readonly [string, readonly Sketch[], readonly string[]]>([
    ['is a span alone', [[1, 0, 0, 100]], ['0-100 1']],
    ['covers the root from its start to its end', family, ['0-40 1', '40-41 3', '41-89 5', '89-90 3', '90-100 1']],
    [
      'goes by the child that ends last, and by none that was still at work when that one started',
      [
        [1, 0, 0, 100],
        [2, 1, 10, 60],
        [3, 1, 50, 90],
        [4, 1, 5, 45],
      ],
      ['0-5 1', '5-45 4', '45-50 1', '50-90 3', '90-100 1'],
    ],
    [
      'counts of a child what lies inside of its parent, and nothing of one that starts later',
      [
        [1, 0, 100, 200],
        [2, 1, 50, 120],
        [3, 1, 180, 900],
        [4, 3, 850, 890],
        [5, 1, 300, 400],
      ],
      ['100-120 2', '120-180 1', '180-200 3'],
    ],
    [
      'starts at the first root that has no parent',
      [
        [9, 99, 0, 500],
        [1, 0, 10, 20],
        [2, 0, 15, 400],
      ],
      ['10-20 1'],
    ],
    [
      'goes into children that end at the same time as their parent',
      [
        [1, 0, 0, 100],
        [2, 1, 0, 100],
        [3, 2, 0, 100],
      ],
      ['0-100 3'],
    ],
  ])('%s', async (_title, sketches, expected) => {
    expect(await sections(await stored(sketches))).toEqual(expected);
  });

  it('is empty for a trace that is not known', async () => {
    expect(await sections(traceIdHex(999_999))).toEqual([]);
  });
});

describe('random traces', () => {
  /** A small generator of numbers that are the same in every run. */
  const numbersFrom = (seed: number): (() => number) => {
    let state = seed;
    return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  };

  it.each([1, 2, 3, 4, 5, 6])('have every span once in the tree, and one whole critical path (%i)', async (seed) => {
    const random = numbersFrom(seed);
    const count = 60;
    const sketches = Array.from({ length: count }, (): Sketch => {
      const start = Math.floor(random() * 1000);
      const id = 1 + Math.floor(random() * count);
      return [id, Math.floor(random() * (count + 5)), start, start + Math.floor(random() * 500)];
    });
    const trace = await stored(sketches);
    const rows = await ask('SELECT span_id, parent_span_id, lvl, path FROM ps_trace.trace_tree($1)', [trace]);
    expect(rows.map(({ span_id }) => Number(span_id)).toSorted((left, right) => left - right)).toEqual(
      sketches.map(([id]) => id).toSorted((left, right) => left - right),
    );
    const met: string[] = [];
    for (const { span_id, parent_span_id, lvl, path } of rows) {
      const way = path as readonly string[];
      expect(way).toHaveLength(Number(lvl));
      expect(way.at(-1)).toBe(span_id);
      // Below a root: the parent, which was met before.
      const isBelow = way.length > 1;
      expect(way.at(-2)).toBe(isBelow ? parent_span_id : undefined);
      expect(['', ...met]).toContain(way.slice(0, -1).join());
      met.push(way.join());
    }
    const [path] = await ask(
      `SELECT sum(section_end_unix_nano - section_start_unix_nano)::int AS ns,
         (max(section_end_unix_nano) - min(section_start_unix_nano))::int AS from_start_to_end
       FROM ps_trace.critical_path($1)`,
      [trace],
    );
    expect(path?.['ns']).toBe(path?.['from_start_to_end']);
    const [self] = await ask(
      `SELECT min(self_ms) >= 0 AND bool_and(self_ms <= duration_ms) AS sane FROM ps_trace.self_time($1)`,
      [trace],
    );
    expect(self).toEqual({ sane: true });
  });
});

describe('a trace of 100,000 spans', () => {
  const large = async (number: number, parent: string): Promise<string> => {
    const trace = traceIdHex(1_000_000 + number);
    await queryOnce(
      database.url,
      `INSERT INTO tracestore.span (trace_id, span_id, parent_span_id, start_time, end_time, operation_id, resource_id,
         scope_id, instance, start_nanos, end_nanos, attributes)
       SELECT $1, n, ${parent}, now() + n * interval '1 us', now() + (200000 - n) * interval '1 us', 1, 1, 1, n, 0, 0, '{"n": 1}'
       FROM generate_series(1, 100000) AS n`,
      [trace],
    );
    return trace;
  };

  it.each([
    ['a chain', 1, 'nullif(n - 1, 0)', 100_000],
    ['a star', 2, 'CASE WHEN n > 1 THEN 1 END', 2],
    ['one cycle', 3, 'CASE WHEN n > 1 THEN n - 1 ELSE 100000 END', 100_000],
    ['nothing but cycles', 4, 'n + CASE WHEN n % 2 = 0 THEN -1 ELSE 1 END', 2],
  ])('is walked in seconds when it is %s', { timeout: 120_000 }, async (_shape, number, parent, depth) => {
    const trace = await large(number, parent);
    for (const [call, expected] of [
      ['SELECT count(*)::int AS spans, max(lvl) AS depth FROM ps_trace.trace_tree($1)', { spans: 100_000, depth }],
      ['SELECT max(dist) + 1 AS depth FROM ps_trace.upstream_spans($1, 100000)', { depth }],
      ['SELECT count(*)::int AS spans FROM ps_trace.self_time($1)', { spans: 100_000 }],
      [
        'SELECT sum(section_end_unix_nano - section_start_unix_nano) = max(section_end_unix_nano) - min(section_start_unix_nano) AS whole FROM ps_trace.critical_path($1)',
        { whole: true },
      ],
      ['SELECT span_count::int AS spans FROM ps_trace.trace WHERE trace_id = $1', { spans: 100_000 }],
    ] as const) {
      const startMs = performance.now();
      expect(await ask(call, [trace])).toEqual([expected]);
      // Many times what it takes; with a walk that looks for children span by span it would be minutes.
      expect(performance.now() - startMs).toBeLessThan(20_000);
    }
  });
});

describe('trace_otlp', () => {
  it('is the trace as OTLP/JSON, which another store takes for the same rows', async () => {
    const request = fullRequest();
    await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    const trace = 'ffeeddccbbaa99887766554433221100';
    const [row] = await ask('SELECT ps_trace.trace_otlp($1)::text AS json', [trace]);
    const json = String(row?.['json']);
    const other = await createFreshDatabase();
    const otherStore = await startTracestore(other.url);
    const answer = await fetch(otherStore.tracesUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: json,
    });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    await otherStore.stop();
    expect(await readStoredSpans(other.url)).toEqual(expectedSpans(request));
    const rowsOf = (url: string): Promise<readonly unknown[]> =>
      queryOnce(
        url,
        `SELECT s.trace_id, s.span_id, s.start_time, s.start_nanos, s.flags, s.resource_id, s.scope_id, s.operation_id, s.attributes::text
         FROM tracestore.span s WHERE trace_id = 'ffeeddccbbaa99887766554433221100' ORDER BY span_id`,
      );
    // The ids of resource, scope and operation are made of all that these say.
    expect(await rowsOf(other.url)).toEqual(await rowsOf(database.url));
    expect((await queryAsReader(other.url, 'SELECT ps_trace.trace_otlp($1)::text AS json', [trace]))[0]).toEqual({
      json,
    });
    await other.drop();
  });

  it('has no spans for a trace that is not known', async () => {
    expect(await ask('SELECT ps_trace.trace_otlp($1)::text AS json', [traceIdHex(999_999)])).toEqual([
      { json: '{"resourceSpans" : []}' },
    ]);
  });
});

describe('a summary of traces', () => {
  it('has root, duration, spans and errors, by id and by a range of time that any of its spans starts in', async () => {
    tracesSent += 1;
    const trace = traceIdHex(tracesSent);
    const farNs = 86_400_000_000_000;
    await sendTrace(store, tracesSent, [
      { id: 2, parent: 1, start: farNs - 5, end: farNs + 90_000_000, name: 'called', over: { status: { code: 2 } } },
      { id: 1, parent: 0, start: farNs, end: farNs + 50_000_000, name: 'root', service: 'front' },
    ]);
    const columns = 'trace_id_hex, root_service_name, root_span_name, duration_ms, span_count::int, error_count::int';
    const expected = {
      trace_id_hex: trace,
      root_service_name: 'front',
      root_span_name: 'root',
      duration_ms: 90.001,
      span_count: 2,
      error_count: 1,
    };
    expect(await ask(`SELECT ${columns} FROM ps_trace.trace WHERE trace_id = $1`, [trace])).toEqual([expected]);
    // The first span starts in the last microsecond before the day is over.
    expect(
      await ask(`SELECT ${columns} FROM ps_trace.traces('2023-11-15 22:13:19.9', '2023-11-15 22:13:20')`, []),
    ).toEqual([expected]);
    expect(await ask(`SELECT FROM ps_trace.traces('2023-11-15 22:14', '2023-11-15 22:15')`, [])).toEqual([]);
  });
});
