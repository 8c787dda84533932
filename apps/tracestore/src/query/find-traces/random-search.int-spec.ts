import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../../bench/corpus/random.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { compressOldChunks } from '@spandrel/testing/compress-old-chunks';
import { durationOf, fulfils } from '@spandrel/testing/filter-evaluation';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { RandomSearch } from '@spandrel/testing/random-search';
import { expectedSpans, type StoredSpan } from '@spandrel/testing/stored-spans';
import { unknownService } from '../../transcode/reference-transcode.js';
import { summarizeTraces } from '../summarize-traces/summarize-traces.js';
import { findTraces } from './find-traces.js';
import type { TraceOrder, TraceSearch } from './trace-search.js';

const nsPerDay = 86_400_000_000_000n;
const today = (BigInt(Date.now()) * 1_000_000n) / nsPerDay;

/** Days with partitions, and days before and after all partitions. */
const dayStarts = [today - 1n, today, today + 1n, today - 400n, today + 4_000n, 1n].map((day) => day * nsPerDay);

let fresh: FreshDatabase;
let store: QueryStore;
let spans: readonly StoredSpan[];

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  const random = new RandomSearch(new SeededRandom(1), dayStarts);
  const requests = Array.from({ length: 40 }, () => random.request());
  await store.send(...requests);
  spans = requests.flatMap(expectedSpans);
  await compressOldChunks(fresh.url);
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

function serviceOf({ resource }: StoredSpan): string {
  const value = resource.attributes.find(({ key }) => key === 'service.name')?.value?.value;
  return value?.case === 'stringValue' ? value.value : unknownService;
}

function traceIdOf({ span }: StoredSpan): string {
  return Buffer.from(span.traceId).toString('hex');
}

/** The ids of the traces that a search should find, on all pages. */
function expectedTraces(search: TraceSearch): readonly string[] {
  const { filter, order, startTimeMinUnixNano: min = 0n, startTimeMaxUnixNano: max = 2n ** 63n } = search;
  const positions = new Map<string, bigint>();
  for (const stored of spans) {
    const { span } = stored;
    if (span.startTimeUnixNano < min || span.startTimeUnixNano > max) continue;
    if (filter !== undefined && !fulfils(filter, stored, serviceOf(stored))) continue;
    const position = order === 'slowest' ? durationOf(span) : span.startTimeUnixNano / 1000n;
    const traceId = traceIdOf(stored);
    const known = positions.get(traceId);
    if (known === undefined || known < position) positions.set(traceId, position);
  }
  return [...positions]
    .toSorted(([leftId, left], [rightId, right]) =>
      left === right ? (leftId < rightId ? -1 : 1) : left > right ? -1 : 1,
    )
    .map(([traceId]) => traceId);
}

async function foundTraces(search: TraceSearch): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findTraces(store.database, { ...search, cursor });
    expect(page.traces.length).toBeLessThanOrEqual(search.limit);
    ids.push(...page.traces.map(({ traceId }) => traceId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

/** The search, for the message of a failure. */
function shown(search: TraceSearch): string {
  return JSON.stringify(search, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

describe('a random search', () => {
  it.each(Array.from({ length: 20 }, (_, n) => n))(
    'finds the same traces as the evaluation of its filter (seed %i)',
    async (seed) => {
      const chance = new SeededRandom(1000 + seed);
      const random = new RandomSearch(chance, dayStarts);
      let given = 0;
      for (let n = 0; n < 20; n++) {
        const order: TraceOrder = chance.below(2) === 0 ? 'newest' : 'slowest';
        const [start, end] = [random.time(), random.time() + (chance.below(2) === 0 ? 0n : nsPerDay)];
        const search: TraceSearch = {
          filter: random.filter(),
          order,
          limit: [2, 7, 1000][chance.below(3)] ?? 1,
          ...(chance.below(2) === 0 ? {} : { startTimeMinUnixNano: start }),
          ...(chance.below(2) === 0 ? {} : { startTimeMaxUnixNano: end }),
        };
        const expected = expectedTraces(search);
        given += expected.length;
        expect(await foundTraces(search), shown(search)).toEqual(expected);
      }
      expect(given).toBeGreaterThan(0);
      // Some searches have many pages of two traces, and conditions that are slow.
    },
    300_000,
  );
});

describe('summarizeTraces', () => {
  it('summarizes random traces as their spans are', async () => {
    const byTrace = Map.groupBy(spans, traceIdOf);
    const summaries = await summarizeTraces(store.database, [...byTrace.keys()]);
    expect(summaries.map(({ traceId }) => traceId)).toEqual([...byTrace.keys()]);
    for (const summary of summaries) {
      const own = byTrace.get(summary.traceId) ?? [];
      const failed = own.filter(({ span }) => span.status?.code === 2);
      const ids = new Set(own.map(({ span }) => Buffer.from(span.spanId).toString('hex')));
      const roots = own.filter(({ span }) => span.parentSpanId.length === 0);
      const start = (stored: StoredSpan): bigint => stored.span.startTimeUnixNano;
      const earliest = roots
        .map(start)
        .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
      const names = roots
        .filter((span) => start(span) === earliest)
        .map((span) => ({ serviceName: serviceOf(span), spanName: span.span.name }));
      expect(summary).toMatchObject({
        startTimeUnixNano: own.map(start).reduce((a, b) => (a < b ? a : b)),
        endTimeUnixNano: own.map(({ span }) => span.endTimeUnixNano).reduce((a, b) => (a > b ? a : b)),
        spanCount: own.length,
        errorCount: failed.length,
        orphanCount: own.filter(
          ({ span }) => span.parentSpanId.length > 0 && !ids.has(Buffer.from(span.parentSpanId).toString('hex')),
        ).length,
        services: [...Map.groupBy(own, serviceOf)]
          .map(([name, some]) => ({
            name,
            spanCount: some.length,
            errorCount: some.filter(({ span }) => span.status?.code === 2).length,
          }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      });
      // Of several that start at once, any may be the root.
      expect(roots.length === 0 ? [undefined] : names).toContainEqual(summary.root);
    }
  });
});
