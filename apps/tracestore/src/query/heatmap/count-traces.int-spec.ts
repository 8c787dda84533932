import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SeededRandom } from '../../../../../bench/corpus/random.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { spansOfWebRequests, type WebRequest, webRequests } from '@spandrel/testing/web-requests';
import { countFacets } from '../facets/count-facets.js';
import { allOf, attributeIs, fieldIs, type Filter } from '../filter/filter.js';
import { findTraces } from '../find-traces/find-traces.js';
import { countTraces } from './count-traces.js';
import { type Heatmap, lowerBoundsNs } from './heatmap.js';

const endUs = ((BigInt(Date.now()) * 1_000n) / 10_000_000n) * 10_000_000n;
const startUs = endUs - 6_000_000_000n;
const requests = webRequests(300, endUs, new SeededRandom(5));
const range = { startTimeMinUnixNano: startUs * 1_000n, startTimeMaxUnixNano: endUs * 1_000n - 1n };

let fresh: FreshDatabase;
let store: QueryStore;
let uncounted: Heatmap;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  await store.send(...spansOfWebRequests(requests));
  // The aggregates do not have these requests yet, and must not say that there are none.
  uncounted = await countTraces(store.database, range);
  const [sent] = await queryOnce<{ at: string }>(fresh.url, 'SELECT now()::text AS at');
  await vi.waitUntil(
    async () => {
      const sql = 'SELECT counted_at > $1::timestamptz AS counted FROM tracestore.call_state';
      const [row] = await queryOnce<{ counted: boolean }>(fresh.url, sql, [sent?.at]);
      return row?.counted === true;
    },
    { timeout: 60_000, interval: 500 },
  );
}, 90_000);

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

const contains = (text: string): Filter => ({ op: 'contains', text });
const isFailed = ({ isRootFailed, isQueryFailed }: WebRequest): boolean => isRootFailed || isQueryFailed;

/** What the heat map of some requests has in each column and in each cell. */
function expectedCounts(
  some: readonly WebRequest[],
  { firstUnixNano, stepNs, columns }: Heatmap,
  hasFailed: (request: WebRequest) => boolean,
): Pick<Heatmap, 'columns' | 'cells'> {
  const columnOf = (request: WebRequest): number => Number((request.startUs * 1_000n - firstUnixNano) / stepNs);
  const rowOf = ({ durationUs }: WebRequest): number =>
    lowerBoundsNs.findLastIndex((bound) => bound <= Number(durationUs) * 1_000);
  const cells = new Map<string, { column: number; row: number; count: number }>();
  for (const request of some) {
    const [column, row] = [columnOf(request), rowOf(request)];
    const cell = cells.get(`${column} ${row}`) ?? { column, row, count: 0 };
    cells.set(`${column} ${row}`, { ...cell, count: cell.count + 1 });
  }
  return {
    columns: columns.map((_, column) => {
      const own = some.filter((request) => columnOf(request) === column);
      return { count: own.length, failed: own.filter(hasFailed).length };
    }),
    cells: [...cells.values()].toSorted((a, b) => a.column - b.column || a.row - b.row),
  };
}

async function listed(filter: Filter | undefined): Promise<readonly string[]> {
  const { traces } = await findTraces(store.database, { filter, ...range, limit: 1_000 });
  return traces.map(({ traceId }) => traceId);
}

describe('countTraces', () => {
  it.each<[string, Filter | undefined, (request: WebRequest) => boolean]>([
    ['all requests', undefined, () => true],
    ['those of a service that only starts requests', fieldIs('resource.service', 'web'), () => true],
    ['those of an operation', fieldIs('span.name', 'GET /cart'), ({ operation }) => operation === 'GET /cart'],
    [
      'those of an operation of a service',
      allOf(fieldIs('resource.service', 'web'), fieldIs('span.name', 'GET /')),
      ({ operation }) => operation === 'GET /',
    ],
  ])('counts %s from aggregates as the list has them', async (_, filter, isWanted) => {
    const heatmap = await countTraces(store.database, { filter, ...range });
    const wanted = requests.filter(isWanted);
    expect(heatmap).toMatchObject({ source: 'aggregates', share: 1, spans: 0 });
    expect(heatmap).toMatchObject(expectedCounts(wanted, heatmap, ({ isRootFailed }) => isRootFailed));
    expect((await listed(filter)).toSorted()).toEqual(wanted.map(({ traceId }) => traceId).toSorted());
  });

  it.each<[string, Filter, (request: WebRequest) => boolean]>([
    ['a service that others call', fieldIs('resource.service', 'db'), () => true],
    ['failed spans', fieldIs('span.status', 'error'), isFailed],
    ['an attribute', attributeIs('region', { type: 'any', text: 'eu' }), ({ region }) => region === 'eu'],
    ['nothing', attributeIs('region', { type: 'any', text: 'none' }), () => false],
    ['a text', contains('nEEDLE-'), () => true],
    ['a text of a name', contains('needle-NAME'), ({ word }) => word === 'Needle-name'],
    ['a text of an attribute', contains('needle-attribute %_'), ({ word }) => word === 'Needle-attribute'],
    ['a text of a message', contains('no needle-message'), ({ word }) => word === 'Needle-message'],
    ['a text of the name of an event', contains('needle-event'), ({ word }) => /Needle-event/.test(word)],
    [
      'a text of the attribute of an event',
      contains('needle-eventattribute'),
      ({ word }) => word === 'Needle-eventAttribute',
    ],
    ['a key, which is no text', contains('db.query.text'), () => false],
    ['wildcards, which have no meaning', contains('need%'), () => false],
    [
      'a text and a service that has no such text',
      allOf(contains('needle'), fieldIs('resource.service', 'web')),
      () => false,
    ],
  ])('counts the traces of a search for %s from spans as the list has them', async (_, filter, isWanted) => {
    const heatmap = await countTraces(store.database, { filter, ...range });
    const wanted = requests.filter(isWanted);
    expect(heatmap).toMatchObject({ source: 'spans', share: 1 });
    expect(heatmap).toMatchObject(expectedCounts(wanted, heatmap, isFailed));
    expect((await listed(filter)).toSorted()).toEqual(wanted.map(({ traceId }) => traceId).toSorted());
  });

  it('counts the traces of some duration from spans', async () => {
    const over = { durationMinNs: 5_000_000n, durationMaxNs: 90_000_000n };
    const heatmap = await countTraces(store.database, { ...range, ...over });
    const wanted = requests.filter(({ durationUs }) => durationUs >= 5_000n && durationUs <= 90_000n);
    expect(heatmap).toMatchObject({ source: 'spans', ...expectedCounts(wanted, heatmap, isFailed) });
  });

  it('counts the traces of a short range from spans', async () => {
    const short = { ...range, startTimeMinUnixNano: (endUs - 200_000_000n) * 1_000n };
    const heatmap = await countTraces(store.database, short);
    const wanted = requests.filter((request) => request.startUs >= endUs - 200_000_000n);
    expect(heatmap).toMatchObject({ source: 'spans', ...expectedCounts(wanted, heatmap, isFailed) });
  });

  it.each<[string, Filter]>([
    ['a service', fieldIs('resource.service', 'db')],
    ['a text', contains('needle')],
  ])('estimates the counts of %s from a share of each column where there are too many spans', async (_, filter) => {
    const heatmap = await countTraces(store.database, { filter, ...range, maxSpans: 450 });
    expect(heatmap.share).toBeCloseTo(1 / 3, 1);
    const total = heatmap.columns.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBeGreaterThan(0.6 * requests.length);
    expect(total).toBeLessThan(1.5 * requests.length);
  });

  it('counts spans that are not in the aggregates yet', () => {
    expect(uncounted.columns.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('counts nothing where nothing is stored', async () => {
    const year = 31_536_000_000_000_000n;
    const heatmap = await countTraces(store.database, {
      startTimeMinUnixNano: range.startTimeMinUnixNano - year,
      startTimeMaxUnixNano: range.startTimeMaxUnixNano - year,
    });
    expect(heatmap).toMatchObject({ cells: [], share: 1 });
    expect(heatmap.columns.every(({ count }) => count === 0)).toBe(true);
  });

  it('without a range counts all stored traces', async () => {
    const heatmap = await countTraces(store.database, { filter: fieldIs('resource.service', 'db') });
    expect(heatmap.columns.reduce((sum, { count }) => sum + count, 0)).toBe(requests.length);
  });
});

describe('countFacets', () => {
  it('counts each value as often as the list with it has traces', async () => {
    const filter = contains('needle');
    const { facets, ...counted } = await countFacets(store.database, { filter, ...range, keys: ['region', 'note'] });
    expect(counted).toEqual({ traces: requests.length, spans: requests.length, isComplete: true });
    const values = (name: string) => {
      const facet = facets.find((each) => (each.key ?? each.facet) === name);
      return Object.fromEntries(facet?.values.map(({ value, traces }) => [value, traces]) ?? []);
    };
    expect(values('service')).toEqual({ db: requests.length });
    expect(values('kind')).toEqual({ client: requests.length });
    expect(values('status')).toEqual({
      error: (await listed(allOf(filter, fieldIs('span.status', 'error')))).length,
      unset: (await listed(allOf(filter, fieldIs('span.status', 'unset')))).length,
    });
    expect(values('operation')['SELECT']).toBe((await listed(allOf(filter, fieldIs('span.name', 'SELECT')))).length);
    expect(values('region')).toEqual({});
  });

  it('counts values of attributes, in traces of some duration', async () => {
    const [durationMinNs, durationMaxNs] = [5_000_000n, 90_000_000n];
    const query = { ...range, durationMinNs, durationMaxNs, keys: ['region'] };
    const { facets, isComplete } = await countFacets(store.database, query);
    const wanted = requests.filter(({ durationUs }) => durationUs >= 5_000n && durationUs <= 90_000n);
    const byRegion = Map.groupBy(wanted, ({ region }) => region);
    expect(isComplete).toBe(true);
    expect(facets.find(({ key }) => key === 'region')).toEqual({
      facet: 'attribute',
      key: 'region',
      values: [...byRegion]
        .map(([value, own]) => ({ value, traces: own.length }))
        .toSorted((a, b) => b.traces - a.traces || (a.value < b.value ? -1 : 1)),
      valueCount: 3,
    });
  });

  it('counts a sample where there are too many spans, and says so', async () => {
    const { traces, isComplete } = await countFacets(store.database, { ...range, keys: [], maxSpans: 300 });
    expect(isComplete).toBe(false);
    expect(traces).toBeGreaterThan(0);
    expect(traces).toBeLessThan(requests.length);
  });
});
