import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../../bench/corpus/random.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from '../filter/filter.js';
import { type SearchSteps, searchTraces, type WholeTraceSearch } from './search-traces.js';

const ms = 1_000_000n;
const noon = 1_700_000_000_000n * ms;
const services = ['web', 'cart', 'stock'] as const;

/** A span of a trace, as far as searches see it. */
interface Stored {
  readonly traceId: string;
  readonly service: (typeof services)[number];
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly isFailed: boolean;
  readonly user: string;
}

let fresh: FreshDatabase;
let store: QueryStore;
let spans: readonly Stored[];

/** Traces that take from a millisecond to minutes. Some have only short spans, long after each other; some spans arrive late. */
function randomSpans(chance: SeededRandom): readonly Stored[] {
  return Array.from({ length: 60 }, (_, n): readonly Stored[] => {
    const traceId = (n + 1).toString(16).padStart(32, '0');
    const startNs = noon + BigInt(chance.below(600_000)) * ms + BigInt(chance.below(1_000_000));
    const stepMs = [1, 40, 2_000, 30_000][chance.below(4)] ?? 1;
    return Array.from({ length: 1 + chance.below(7) }, (_unused, child) => ({
      traceId,
      service: services[chance.below(3)] ?? 'web',
      startNs: startNs + BigInt(child * chance.below(stepMs + 1)) * ms,
      durationNs: BigInt(chance.below(stepMs * 2 + 1)) * ms + BigInt(chance.below(1_000_000)),
      isFailed: chance.below(8) === 0,
      user: `user-${chance.below(12)}`,
    }));
  }).flat();
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  const chance = new SeededRandom(7);
  spans = randomSpans(chance);
  // The spans of a trace are in several requests, and so in several blocks, and their order is that of no clock.
  const batches = Array.from({ length: 16 }, (): Stored[] => []);
  for (const span of spans) batches[chance.below(batches.length)]?.push(span);
  for (const batch of batches) {
    for (const [service, own] of Map.groupBy(batch, (span) => span.service)) {
      const sent = own.map(({ traceId, startNs, durationNs, isFailed, user }) =>
        goodSpan({
          traceId: hexBytes(traceId),
          startTimeUnixNano: startNs,
          endTimeUnixNano: startNs + durationNs,
          attributes: [text('user', user)],
          ...(isFailed ? { status: { code: 2 } } : {}),
        }),
      );
      await store.send(requestOf(sent, service));
    }
  }
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

/** A filter, and the same as a function. */
interface Condition {
  readonly filter: Filter | undefined;
  readonly passes: (span: Stored) => boolean;
}

function randomCondition(chance: SeededRandom): Condition {
  const user = `user-${chance.below(13)}`;
  const service = services[chance.below(3)] ?? 'web';
  const leastNs = BigInt(chance.below(4_000)) * ms;
  const conditions: readonly Condition[] = [
    { filter: undefined, passes: () => true },
    { filter: fieldIs('resource.service', service), passes: (span) => span.service === service },
    { filter: fieldIs('span.status', 'error'), passes: (span) => span.isFailed },
    { filter: attributeIs('user', { type: 'string', value: user }), passes: (span) => span.user === user },
    {
      filter: allOf(fieldIs('resource.service', service), fieldCompares('span.duration', 'gte', leastNs)),
      passes: (span) => span.service === service && span.durationNs >= leastNs,
    },
  ];
  return conditions[chance.below(conditions.length)] ?? { filter: undefined, passes: () => true };
}

function expectedTraces(search: WholeTraceSearch, passes: Condition['passes']): readonly string[] {
  const { startTimeMinUnixNano: from = 0n, startTimeMaxUnixNano: to = 2n ** 63n, order } = search;
  const { durationMinNs: least = 0n, durationMaxNs: most = 2n ** 63n } = search;
  return [...Map.groupBy(spans, ({ traceId }) => traceId)]
    .filter(([, own]) => own.some(passes))
    .map(([traceId, own]) => {
      const start = own.map(({ startNs }) => startNs).reduce((a, b) => (a < b ? a : b));
      const end = own.map(({ startNs, durationNs }) => startNs + durationNs).reduce((a, b) => (a > b ? a : b));
      return { traceId, start, duration: end - start };
    })
    .filter(({ start, duration }) => start >= from && start <= to && duration >= least && duration <= most)
    .toSorted((left, right) => {
      const [a, b] = order === 'slowest' ? [left.duration, right.duration] : [left.start, right.start];
      return a === b ? (left.traceId < right.traceId ? -1 : 1) : a > b ? -1 : 1;
    })
    .map(({ traceId }) => traceId);
}

async function foundTraces(search: WholeTraceSearch, steps?: SearchSteps): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await searchTraces(store.database, { ...search, cursor }, undefined, steps);
    expect(page.traceIds.length).toBeLessThanOrEqual(search.limit);
    ids.push(...page.traceIds);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

/** So small that a search of the newest takes many steps, and pages end before they are full. */
const smallSteps: SearchSteps = { firstBlocks: 2, blockGrowth: 3, maxBlocks: 18, leastCandidates: 4, leastAtOnce: 2 };

describe('a search for whole traces', () => {
  it.each(Array.from({ length: 4 }, (_, n) => n))(
    'finds the traces that the evaluation of all spans finds, in order, on all pages (seed %i)',
    async (seed) => {
      const chance = new SeededRandom(100 + seed);
      let given = 0;
      for (let n = 0; n < 8; n++) {
        const { filter, passes } = randomCondition(chance);
        const order = chance.below(2) === 0 ? 'newest' : 'slowest';
        const search: WholeTraceSearch = {
          filter,
          order,
          limit: [7, 20, 1000][chance.below(3)] ?? 7,
          ...(chance.below(2) === 0 ? {} : { startTimeMinUnixNano: noon + BigInt(chance.below(500_000)) * ms }),
          ...(chance.below(2) === 0 ? {} : { startTimeMaxUnixNano: noon + BigInt(chance.below(600_000)) * ms }),
          ...(chance.below(2) === 0 ? {} : { durationMinNs: BigInt(chance.below(30_000)) * ms }),
          ...(chance.below(3) > 0 ? {} : { durationMaxNs: BigInt(chance.below(60_000)) * ms }),
        };
        const expected = expectedTraces(search, passes);
        given += expected.length;
        const shown = JSON.stringify(search, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        expect(await foundTraces(search), shown).toEqual(expected);
        const steps = order === 'newest' ? smallSteps : undefined;
        expect(await foundTraces(search, steps), `in steps: ${shown}`).toEqual(expected);
      }
      expect(given).toBeGreaterThan(0);
    },
    120_000,
  );

  it('says from when on it has searched if a page reads too many blocks', async () => {
    const search = { limit: 1000, filter: fieldIs('span.status', 'error') };
    const page = await searchTraces(store.database, search, undefined, smallSteps);
    expect(page.searchedFromUnixNano).toBeGreaterThan(noon);
    expect(page.nextCursor).toBeDefined();
    const whole = await searchTraces(store.database, search);
    expect(whole.searchedFromUnixNano).toBeUndefined();
    const slowest = await searchTraces(store.database, { ...search, order: 'slowest' }, undefined, smallSteps);
    expect(slowest.searchedFromUnixNano).toBeGreaterThan(noon);
  });

  it('refuses a cursor of another order', async () => {
    const { nextCursor } = await searchTraces(store.database, { limit: 1 });
    await expect(
      searchTraces(store.database, { limit: 1, order: 'slowest', cursor: nextCursor }),
    ).rejects.toMatchObject({ message: expect.stringContaining('cursor must be nextCursor') as string });
  });
});
