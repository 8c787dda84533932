import { toJson } from '@bufbuild/protobuf';
import { isValidRegex, matchesRegex, parseQuery, type Static, TraceqlError } from '@spandrel/traceql';
import {
  type AttributeValue,
  EvaluationError,
  type Grid,
  queryRange,
  type FoundTrace,
  RandomQuery,
  mutateQuery,
  randomTraces,
  recordedAnswers,
  recordedTraces,
  readTraces,
  reportSpan,
  search,
  type SpanModel,
  type TraceModel,
} from '@spandrel/traceql/testing';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { SeededChance } from '@spandrel/testing/random-spans';
import { post } from '@spandrel/testing/otlp-client';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { QueryDatabaseService } from '../query-database.service.js';
import { KeyValueSchema, type KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import type { TraceqlTrace } from './results.js';
import { wholePatternOf } from './pattern.js';
import { TraceqlService } from './traceql.service.js';
import { keyValueOf } from './otlp-values.js';

/** `TRACEQL_QUERIES=20000` makes the test long, `TRACEQL_SEED` is another one. */
const queries = Number(process.env['TRACEQL_QUERIES'] ?? 90);
const seed = Number(process.env['TRACEQL_SEED'] ?? 1);
const traceCount = Number(process.env['TRACEQL_TRACES'] ?? 25);

/** A whole second in the past, so that intervals have borders there. */
const start = (BigInt(Date.now()) / 3_600_000n - 2n) * 3_600_000_000_000n;

let fresh: FreshDatabase;
let store: RunningTracestore;
let database: QueryDatabaseService;
let service: TraceqlService;
let traces: readonly TraceModel[];

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  database = new QueryDatabaseService({ databaseUrl: fresh.url, queryConnections: 4, queryTimeoutMs: 30_000 });
  service = new TraceqlService(database);
  const documents = [...randomTraces(new SeededChance(seed), traceCount, start), ...recordedTraces().documents];
  traces = readTraces(documents);
  for (const document of documents) {
    const { status, body } = await post(store.tracesUrl, JSON.stringify(document), {
      'content-type': 'application/json',
    });
    if (status !== 200 || body.toString() !== '{}') throw new Error(`${status} ${body.toString()}`);
  }
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await store.stop();
  await fresh.drop();
});

function anyValueOf(key: string, value: AttributeValue): unknown {
  return keyValueJson(keyValueOf(key, value as Static | undefined));
}

function keyValueJson(keyValue: KeyValue): unknown {
  return toJson(KeyValueSchema, keyValue);
}

/** An answer in a form that can be compared: sets of spans as sets. */
function expectedOf(text: string, found: readonly FoundTrace[]): unknown {
  const query = parseQuery(text);
  return found.map(({ trace, spansets }) => ({
    traceId: trace.traceId,
    spanSets: spansets.map(({ spans, attributes }) => ({
      matched: spans.length,
      attributes: [...attributes].map(([name, value]) => anyValueOf(name, value)),
      spans: sorted(spans.map((span) => expectedSpan(query, span))),
    })),
  }));
}

function expectedSpan(query: Parameters<typeof reportSpan>[0], span: SpanModel): unknown {
  const { name, fields } = reportSpan(query, span);
  return {
    spanId: span.spanId,
    name,
    startNs: span.start,
    durationNs: span.end - span.start,
    attributes: sorted(fields.map(({ key, value }) => anyValueOf(key, value))),
  };
}

function actualOf(found: readonly TraceqlTrace[]): unknown {
  return found
    .toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1))
    .map(({ traceId, spanSets }) => ({
      traceId,
      spanSets: spanSets.map(({ matched, attributes, spans }) => ({
        matched,
        attributes: attributes.map(keyValueJson),
        spans: sorted(spans.map((span) => ({ ...span, attributes: sorted(span.attributes.map(keyValueJson)) }))),
      })),
    }));
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return list
    .map((item) => [textOf(item), item] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}

function answerOf(text: string): unknown {
  try {
    return expectedOf(text, search(parseQuery(text), traces));
  } catch (error) {
    if (error instanceof EvaluationError) return error.message;
    throw error;
  }
}

async function storeAnswerOf(text: string): Promise<unknown> {
  try {
    const { traces: found } = await service.search({
      query: text,
      startNs: undefined,
      endNs: undefined,
      limit: 10_000,
      spansPerSpanSet: 1_000,
    });
    return actualOf(found);
  } catch (error) {
    if (error instanceof TracestoreError && error.kind === errorKinds.invalid) return error.detail;
    throw new Error(text, { cause: error });
  }
}

const wholeAnswer = { startNs: undefined, endNs: undefined, limit: 10_000, spansPerSpanSet: 1_000 };

describe('a query with a recorded answer', () => {
  const recordedGrid: Grid = { start: 10n ** 18n, step: 10n ** 10n, count: 4 };

  // The tests of libs/traceql compare the evaluation with the recording.
  it.each(recordedAnswers().map(({ query }) => query))('%s', async (text) => {
    expect(await recordedStoreAnswer(text)).toEqual(recordedAnswer(text));
  });

  function isSearch(text: string): boolean | undefined {
    try {
      return parseQuery(text).body.node === 'pipeline';
    } catch {
      return undefined;
    }
  }

  function recordedAnswer(text: string): unknown {
    if (isSearch(text) === undefined) return 'refused';
    return isSearch(text) === true ? answerOf(text) : expectedSeries(text, recordedGrid);
  }

  async function recordedStoreAnswer(text: string): Promise<unknown> {
    if (isSearch(text) !== undefined)
      return isSearch(text) === true ? storeAnswerOf(text) : storeSeries(text, recordedGrid);
    return service.search({ query: text, ...wholeAnswer }).catch(() => 'refused');
  }
});

describe('a random search in TraceQL', () => {
  it('finds what the evaluation without a database finds', async () => {
    const random = new RandomQuery(new SeededChance(seed + 1));
    let notEmpty = 0;
    for (let n = 0; n < queries; n += 1) {
      const text = n % 3 === 0 ? random.filter() : random.search();
      const expected = answerOf(text);
      // A message is about any trace, and candidates may leave that one out.
      const actual = await storeAnswerOf(text);
      if (typeof expected === 'string') continue;
      expect(actual, text).toEqual(expected);
      if ((expected as readonly unknown[]).length > 0) notEmpty += 1;
    }
    expect(notEmpty).toBeGreaterThan(queries / 4);
  }, 3_600_000);
});

/** Not all on whole seconds, where intervals of others end. */
const grids: readonly Grid[] = [
  { start: start - 5_000_000_000n, step: 7_000_000_000n, count: 12 },
  { start, step: 10_000_000_000n, count: 6 },
  { start: start + 20_000_000_000n, step: 1_500_000_000n, count: 10 },
];

function expectedSeries(text: string, grid: Grid): unknown {
  try {
    return sorted(
      queryRange(parseQuery(text), traces, grid).map(({ labels, values }) => ({
        labels: sorted([...labels].map(([name, value]) => anyValueOf(name, value as Static))),
        samples: samplesOf(values, grid),
      })),
    );
  } catch (error) {
    if (error instanceof EvaluationError) return error.message;
    throw error;
  }
}

function samplesOf(values: readonly number[], { start: from, step }: Grid): unknown {
  return values.flatMap((value, n) =>
    Number.isNaN(value) ? [] : [[Number((from + step * BigInt(n + 1)) / 1_000_000n), rounded(value)]],
  );
}

/** Both compute sums in different orders. */
function rounded(value: number): string {
  return value.toPrecision(9);
}

async function storeSeries(text: string, { start: startNs, step: stepNs, count }: Grid): Promise<unknown> {
  try {
    const { series } = await service.metricsRange({
      query: text,
      grid: { startNs, stepNs, count },
      exemplars: 0,
      maxSeries: 0,
    });
    return sorted(
      series.map(({ labels, samples }) => ({
        labels: sorted(labels.map(keyValueJson)),
        samples: samples.map(({ timestampMs, value }) => [timestampMs, rounded(value)]),
      })),
    );
  } catch (error) {
    if (error instanceof TracestoreError && error.kind === errorKinds.invalid) return error.detail;
    throw new Error(text, { cause: error });
  }
}

describe('a random metrics query in TraceQL', () => {
  it('has the series of the evaluation without a database', async () => {
    const random = new RandomQuery(new SeededChance(seed + 2));
    const chance = new SeededChance(seed + 3);
    let notEmpty = 0;
    for (let n = 0; n < queries / 2; n += 1) {
      // A comparison of attributes allows nothing after it.
      const text =
        n % 6 === 0 ? `${random.filter()} | compare(${random.filter()}, ${1 + chance.below(4)})` : random.metrics();
      const grid = grids[chance.below(grids.length)] as Grid;
      const expected = expectedSeries(text, grid);
      const actual = await storeSeries(text, grid);
      expect(actual, text).toEqual(expected);
      if (Array.isArray(expected) && expected.length > 0) notEmpty += 1;
    }
    expect(notEmpty).toBeGreaterThan(queries / 10);
  }, 3_600_000);
});

describe('a search in TraceQL', () => {
  const everything = { query: '{}', startNs: undefined, endNs: undefined, spansPerSpanSet: 3 };

  it.each(['newest', 'slowest'])('returns pages in order, %s first', async (order) => {
    const query = order === 'slowest' ? '{} with(order=slowest)' : '{}';
    const position = (trace: TraceqlTrace) => (order === 'slowest' ? trace.durationNs : trace.startNs);
    const found: TraceqlTrace[] = [];
    let cursor: string | undefined;
    do {
      const page = await service.search({ ...everything, query, limit: 7, cursor });
      found.push(...page.traces);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(found).toHaveLength(traces.length);
    const sortedTraces = found.toSorted((a, b) =>
      position(a) === position(b) ? (a.traceId < b.traceId ? -1 : 1) : position(a) > position(b) ? -1 : 1,
    );
    expect(found.map(({ traceId }) => traceId)).toEqual(sortedTraces.map(({ traceId }) => traceId));
  });

  it('returns the traces that overlap its range of time, with all their spans', async () => {
    const range = { startNs: start + 20_000_000_000n, endNs: start + 30_000_000_000n };
    const { traces: found } = await service.search({ ...everything, ...range, limit: 1_000 });
    const bounds = (trace: TraceModel) => ({
      first: trace.spans.reduce((least, span) => (span.start < least ? span.start : least), 2n ** 63n),
      last: trace.spans.reduce((most, span) => (span.end > most ? span.end : most), 0n),
    });
    const overlapping = traces.filter((trace) => {
      const { first, last } = bounds(trace);
      return first <= range.endNs && last >= range.startNs;
    });
    expect(overlapping.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ traceId }) => traceId))).toEqual(new Set(overlapping.map(({ traceId }) => traceId)));
    for (const { traceId, spanSets } of found)
      expect(spanSets[0]?.matched).toBe(overlapping.find((trace) => trace.traceId === traceId)?.spans.length);
  });

  it('cuts the spans of a set, and counts them all', async () => {
    const { traces: found } = await service.search({ ...everything, limit: 1_000, spansPerSpanSet: 1 });
    for (const { traceId, spanSets } of found) {
      expect(spanSets[0]?.spans).toHaveLength(1);
      expect(spanSets[0]?.matched).toBe(traces.find((trace) => trace.traceId === traceId)?.spans.length);
    }
  });

  it('finds the spans of one trace that match', async () => {
    const trace = traces.find(({ spans }) => spans.length > 5) as TraceModel;
    const found = await service.matchingSpans({ query: '{ kind = server || kind = client }', traceId: trace.traceId });
    const expected = trace.spans
      .filter(({ kind }) => kind === 'server' || kind === 'client')
      .map(({ spanId }) => spanId);
    expect(new Set(found)).toEqual(new Set(expected));
  });

  it.each([
    ['{ a }', 'unknown identifier: a'],
    ['{} | rate()', 'metrics'],
    [
      `{ ${Array.from({ length: 600 }, (_, n) => `.a${n % 7} = ${n}`)
        .join(' || ')
        .replaceAll(' || .a0', ') || (.a0')
        .replace('.a0', '(.a0')}) }`,
      'at most',
    ],
    ['{ .a =~ "(ab){1000}" }', 'regular expression'],
  ])('of a text that is no search is refused: %#', async (query, message) => {
    const refused = service.search({ ...everything, query, limit: 1 });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ kind: errorKinds.invalid });
  });
});

describe('a metrics query in TraceQL', () => {
  const range = { startNs: start - 1_000_000_000n, endNs: start + 100_000_000_000n };

  it('over one interval counts both ends', async () => {
    const { series } = await service.metricsInstant({ query: '{} | count_over_time()', ...range, maxSeries: 0 });
    const spans = traces
      .flatMap((trace) => trace.spans)
      .filter((span) => span.start >= range.startNs && span.start <= range.endNs);
    expect(series.map(({ samples }) => samples)).toEqual([
      [{ timestampMs: Number(range.endNs / 1_000_000n), value: spans.length }],
    ]);
  });

  it('has exemplars of different traces', async () => {
    const grid = { startNs: start, stepNs: 10_000_000_000n, count: 8 };
    const { series } = await service.metricsRange({
      query: '{} | max_over_time(duration)',
      grid,
      exemplars: 5,
      maxSeries: 0,
    });
    const exemplars = series.flatMap((one) => one.exemplars);
    expect(exemplars).toHaveLength(5);
    const ids = exemplars.map(({ labels }) => keyValueJson(labels[0] as KeyValue));
    expect(new Set(ids.map(textOf)).size).toBe(5);
  });

  it('says when there are more series than it may return', async () => {
    const grid = { startNs: start, stepNs: 10_000_000_000n, count: 8 };
    const { series, isPartial } = await service.metricsRange({
      query: '{} | rate() by(span:id)',
      grid,
      exemplars: 0,
      maxSeries: 2,
    });
    expect(series).toHaveLength(2);
    expect(isPartial).toBe(true);
  });
});

/** Whether the store refuses a query itself: no statement failed. */
function isRefusal(error: unknown): boolean {
  if (error instanceof TraceqlError) return true;
  if (!(error instanceof TracestoreError) || error.kind !== errorKinds.invalid) return false;
  return error.cause === undefined || error.cause instanceof TraceqlError;
}

describe('a damaged query in TraceQL', () => {
  it('is refused or answered, and PostgreSQL never fails', async () => {
    const chance = new SeededChance(seed + 4);
    const random = new RandomQuery(chance);
    const failures: string[] = [];
    let answered = 0;
    for (let n = 0; n < queries; n += 1) {
      const query = mutateQuery(random.query(), chance);
      try {
        const isMetrics = parseQuery(query).body.node !== 'pipeline';
        const grid = { startNs: start, stepNs: 10_000_000_000n, count: 6 };
        if (isMetrics) await service.metricsRange({ query, grid, exemplars: 2, maxSeries: 0 });
        else await service.search({ query, startNs: undefined, endNs: undefined, limit: 5, spansPerSpanSet: 3 });
        answered += 1;
      } catch (error) {
        if (!isRefusal(error)) failures.push(`${query}: ${String(error)}`);
      }
    }
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(queries / 8);
  }, 3_600_000);
});

describe('the SQL of a plan', () => {
  const folder = new URL('../../../test/statements/traceql/', import.meta.url);

  async function asReader(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: fresh.url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL ROLE ps_trace_reader');
      await client.query('SET LOCAL enable_nestloop = off');
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it.each(readdirSync(folder))('of statements/traceql/%s runs as ps_trace_reader', async (file) => {
    const statements = readFileSync(new URL(file, folder), 'utf8')
      .split(/;\n+/)
      .filter((text) => text.trim() !== '');
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) await asReader(statement);
  });

  it('finds the spans of the search', async () => {
    const random = new RandomQuery(new SeededChance(seed + 5));
    for (let n = 0; n < queries / 6; n += 1) {
      const query = random.search();
      const found = await storeAnswerOf(query);
      if (typeof found === 'string') continue;
      const { sql } = service.explain({ kind: 'search', query, ...wholeAnswer });
      const rows = await asReader(sql);
      const { traces: sets } = await service.search({ query, ...wholeAnswer });
      const expected = sets.flatMap(({ traceId, spanSets }) =>
        spanSets.flatMap(({ spans }) => spans.map(({ spanId }) => `${traceId} ${spanId}`)),
      );
      expect(
        rows.map((row) => `${String(row['trace_id_hex'])} ${String(row['span_id_hex'])}`).toSorted(),
        query,
      ).toEqual(expected.toSorted());
    }
  });
});

describe('a metrics query that aggregates of calls answer', () => {
  const grid: Grid = { start: start - 10_000_000_000n, step: 10_000_000_000n, count: 12 };

  /** The source of a query's numbers. */
  async function sourceOf(query: string): Promise<readonly unknown[]> {
    const { source, isExact } = await service.metricsRange({
      query,
      grid: { startNs: grid.start, stepNs: grid.step, count: grid.count },
      exemplars: 0,
      maxSeries: 0,
    });
    return [source, isExact];
  }

  beforeAll(async () => {
    const [sent] = await queryOnce<{ at: string }>(fresh.url, 'SELECT now()::text AS at');
    await vi.waitUntil(
      async () => {
        const sql = 'SELECT counted_at > $1::timestamptz AS counted FROM tracestore.call_state';
        const [row] = await queryOnce<{ counted: boolean }>(fresh.url, sql, [sent?.at]);
        return row?.counted === true;
      },
      { timeout: 60_000, interval: 200 },
    );
  });

  it.each([
    '{} | rate()',
    '{ status = error } | count_over_time() by(name)',
    '{ status != error && kind = server } | rate() by(name, kind)',
    '{ name =~ "R.|a" || kind = client } | count_over_time() by(kind)',
  ])('%s counts as spans do, also at the borders of intervals', async (query) => {
    expect(await sourceOf(query)).toEqual(['aggregates', true]);
    expect(await storeSeries(query, grid)).toEqual(expectedSeries(query, grid));
  });

  it.each([
    ['{ nestedSetParent < 0 } | rate()', ['aggregates', false]],
    ['{} | histogram_over_time(duration)', ['aggregates', false]],
    ['{ kind = server } | quantile_over_time(duration, 0.9)', ['aggregates', false]],
    ['{} | avg_over_time(duration) by(name)', ['aggregates', false]],
    ['{} | avg_over_time(duration) with(exact=true)', ['spans', true]],
    ['{} | max_over_time(duration)', ['spans', true]],
    ['{ span.http = 500 } | rate()', ['spans', true]],
    ['({ status = error } | rate()) / ({ duration > 1ms } | rate())', ['both', true]],
  ])('%s says where its numbers come from', async (query, source) => {
    expect(await sourceOf(query)).toEqual(source);
  });

  it('reads spans where the grid has no whole aggregates', async () => {
    const query = '{} | rate()';
    const { source } = await service.metricsRange({
      query,
      grid: { startNs: grid.start, stepNs: 7_000_000_000n, count: 12 },
      exemplars: 0,
      maxSeries: 0,
    });
    expect(source).toBe('spans');
  });
});

describe('a regular expression', () => {
  const texts = [
    '',
    'a',
    'A',
    'ab',
    'aab',
    'a-b',
    'a b',
    'a\nb',
    'ü',
    'Ü',
    'K',
    '\u212a',
    'R1',
    '42',
    '🙂',
    '_',
    'foo.bar',
    'x]',
  ];
  const patterns = [
    '',
    'a',
    '.*',
    '.',
    'a.b',
    '(?-s)a.b',
    '(?i)a',
    '(?i)ü',
    '(?i:k)',
    'a+?b',
    '(a|)b',
    '[a-b]+',
    '[^a]',
    '[]x]+',
    '[\\d-]+',
    'a{2}b',
    '(?:a{1,2}){1,2}b',
    '\\w+',
    '\\W',
    '\\s',
    '\\S+',
    '\\D+',
    '\\pL',
    '\\p{Lu}',
    '\\PL+',
    '\\p{Greek}|a',
    '[[:alpha:]]+',
    '[[:^alpha:]]',
    '\\bab\\b',
    'a\\b.*',
    'a\\B.*',
    '^a$',
    '(?m)a$.*',
    'a(?m:$)\\n(?m:^)b',
    '\\Qfoo.bar\\E',
    '\\x41',
    '\\x{1F642}',
    '\\101',
    '(?P<n>a)b',
    'foo\\.bar',
    '[\\w.]+',
    '\\Aa\\z',
    '(?i)[k-l]',
    'a**|b',
  ];

  it('matches in PostgreSQL what RE2 matches', async () => {
    const valid = patterns.filter(isValidRegex);
    expect(valid.length).toBeGreaterThan(patterns.length - 3);
    const rows = await queryOnce<{ pattern: number; text: string; matches: boolean }>(
      fresh.url,
      `SELECT p.nr::int4 - 1 AS pattern, t.text, t.text ~ p.pattern AS matches
       FROM unnest($1::text[]) WITH ORDINALITY AS p (pattern, nr), unnest($2::text[]) AS t (text)`,
      [valid.map(wholePatternOf), texts],
    );
    const wrong = rows.filter(({ pattern, text, matches }) => matchesRegex(valid[pattern] ?? '', text) !== matches);
    expect(wrong.map(({ pattern, text }) => [valid[pattern], text])).toEqual([]);
  });
});
