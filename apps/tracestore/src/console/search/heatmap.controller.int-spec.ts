import { facetsResponse, heatmapResponse, searchResponse } from '@spandrel/console-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const startMs = Date.now() - 100_000;

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
  await sendPasswordTraces(store, startMs);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

const api = (path: string): Promise<Response> => fetch(`${store.url}/api/traces${path}`);
const hour = `from=${BigInt(startMs - 60_000) * 1_000_000n}&to=${BigInt(startMs + 60_000) * 1_000_000n}`;

describe('GET /api/traces/heatmap', () => {
  it('returns the counts of a search, in rows from the fastest to the slowest trace', async () => {
    const response = await api(`/heatmap?service=generator&${hour}`);
    expect(response.status).toBe(200);
    const heatmap = heatmapResponse.parse(await response.json());
    expect(heatmap).toMatchObject({ source: 'spans', isComplete: true, total: 2, failed: 1 });
    expect(heatmap.cells.reduce((sum, [, , count]) => sum + count, 0)).toBe(2);
    expect(Math.min(...heatmap.cells.map(([, row]) => row))).toBe(0);
    expect(Math.max(...heatmap.cells.map(([, row]) => row))).toBe(heatmap.rows.length - 1);
    expect(heatmap.lowestNs).toBeLessThanOrEqual(100_000_000);
    expect(heatmap.rows.at(-1)).toBeGreaterThan(100_000_000);
  });

  it('bounds the duration of the trace, or of the span on request', async () => {
    for (const [duration, total] of [
      ['trace', 2],
      ['span', 0],
    ] as const) {
      const response = await api(`/heatmap?service=lower&minDurationNs=100000000&duration=${duration}&${hour}`);
      expect(heatmapResponse.parse(await response.json()).total, duration).toBe(total);
    }
  });
});

describe('GET /api/traces/facets', () => {
  it('returns the values of spans, and of keys of attributes', async () => {
    const response = await api(`/facets?service=generator&key=pwlen&key=none&${hour}`);
    expect(response.status).toBe(200);
    const { facets, isComplete } = facetsResponse.parse(await response.json());
    expect(isComplete).toBe(true);
    expect(facets.find(({ key }) => key === 'pwlen')?.values.map(({ value }) => value)).toEqual(['25', '8']);
    expect(facets.find(({ key }) => key === 'none')).toMatchObject({ values: [], valueCount: 0 });
  });
});

describe('a search for a text', () => {
  it.each([
    ['XZ', 0],
    ["'; DROP SCHEMA tracestore CASCADE; --", 0],
    ['%', 0],
    ['GENERATOR.gen', 2],
  ])('compares %s as it is, in upper or lower case', async (text, count) => {
    const response = await api(`?${new URLSearchParams({ text }).toString()}`);
    expect(response.status, await response.clone().text()).toBe(200);
    expect(searchResponse.parse(await response.json()).traces).toHaveLength(count);
  });

  it('finds the trace of a value of an attribute', async () => {
    const response = await api(`?text=25&service=generator`);
    const { traces } = searchResponse.parse(await response.json());
    expect(traces.map(({ traceId }) => traceId)).toContain(passwordTraceId(1));
  });
});

describe('what a search counts', () => {
  it.each([
    ['/heatmap?text=', 'text'],
    [`/heatmap?text=${'x'.repeat(201)}`, 'text'],
    ['/heatmap?from=yesterday', 'nanoseconds'],
    ['/heatmap?duration=all', 'duration'],
    ['/heatmap?minDurationNs=6&maxDurationNs=5', 'minDurationNs'],
    ['/facets?minDurationNs=6&maxDurationNs=5', 'minDurationNs'],
    ['/groups?by=kind&minDurationNs=6&maxDurationNs=5', 'minDurationNs'],
    ['/differences?selectStatus=error&selectFrom=6&selectTo=5', 'selectFrom'],
    ['/heatmap?from=6&to=5', 'from'],
    ['/facets?key=', 'key'],
    [`/facets?${'key=a&'.repeat(11)}`, 'key'],
    ['/facets?attribute=%3D5', 'attribute should be a key'],
  ])('refuses %s', async (path, words) => {
    const response = await api(path);
    expect(response.status).toBe(400);
    const { detail } = (await response.json()) as { readonly detail: string };
    expect(detail).toContain(words);
  });
});
