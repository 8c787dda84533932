import path from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { ExportTraceServiceRequestSchema } from '../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

/** A multiple of ten seconds, which is the step of aggregates. */
const nowMs = Math.floor(Date.now() / 10_000) * 10_000;
const services = 60;
const range = new URLSearchParams({
  from: new Date(nowMs - 600_000).toISOString(),
  to: new Date(nowMs).toISOString(),
}).toString();
const nameOf = (n: number): string => `svc-${String(n).padStart(2, '0')}`;
const namespaceOf = (n: number): string => `team-${n % 4}`;
/** Services that a service calls: two below it in a tree, and some across. */
const callsOf = (n: number): readonly number[] =>
  [...new Set([2 * n + 1, 2 * n + 2, ...(n % 3 === 0 ? [n + 7] : [])])].filter((to) => to < services);
/** Calls across are rarer. */
const tracesOf = (from: number, to: number): number => (to > 2 * from + 2 ? 2 : 6);

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the service map', () => {
  beforeAll(async () => {
    console = await startConsole();
    const spans = Array.from({ length: services }, (): SpanInit[] => []);
    // One trace for each call of two services.
    let id = 0;
    for (let from = 0; from < services; from++) {
      for (const to of callsOf(from)) {
        for (let n = 0; n < tracesOf(from, to); n++) {
          id += 1;
          const traceId = hexBytes(id.toString(16).padStart(32, '0'));
          const startTimeUnixNano = BigInt(nowMs - 300_000 + id * 10) * 1_000_000n;
          const common = { traceId, startTimeUnixNano, endTimeUnixNano: startTimeUnixNano + 5_000_000n, kind: 2 };
          const isFailed = to === 3 && n === 0;
          spans[from]?.push({ ...common, spanId: hexBytes('0000000000000001'), name: 'handle' });
          spans[to]?.push({
            ...common,
            spanId: hexBytes('0000000000000002'),
            parentSpanId: hexBytes('0000000000000001'),
            name: `GET /${to}`,
            ...(isFailed ? { status: { code: 2 as const } } : {}),
          });
        }
      }
    }
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: spans.map((own, n) => ({
        resource: {
          attributes: [text('service.name', nameOf(n)), text('service.namespace', namespaceOf(n))],
        },
        scopeSpans: [{ spans: own }],
      })),
    });
    await sendGrpc(console.store.grpcAddress, encodeProtobuf(request));
    const edges = `${console.store.url}/api/dashboards/scyq99J7k/queries/service-edges?${range}`;
    const expected = Array.from({ length: services }, (_, n) => callsOf(n).length).reduce(
      (sum, count) => sum + count,
      0,
    );
    // Aggregates follow the spans.
    await vi.waitFor(
      async () => {
        const { rows } = (await (await fetch(edges)).json()) as { readonly rows: readonly unknown[] };
        if (rows.length !== expected) throw new Error(`The graph has ${rows.length} of ${expected} edges`);
      },
      { timeout: 60_000, interval: 500 },
    );
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    watched = await console.openPage({ viewport: { width: 1440, height: 900 } });
    ({ page } = watched);
  });

  afterEach(async () => {
    await watched.close();
  });

  const nodes = (): Locator => page.locator('.map-body .node');
  const open = async (query = ''): Promise<void> => {
    await page.goto(`${console.store.url}/map?${range}${query}`);
    await nodes().first().waitFor();
  };

  it('fits into its frame and uses it, finds a service, and fits again', async () => {
    await open();
    await expect.poll(() => nodes().count()).toBe(services);
    const frame = await boxOf(page.locator('.graph-box'));
    const isAllInside = async (): Promise<boolean> => {
      const boxes = await nodes().evaluateAll((all) =>
        all.map((node) => {
          const { left, right, top, bottom } = node.getBoundingClientRect();
          return { left, right, top, bottom };
        }),
      );
      const inside = boxes.every(
        ({ left, right, top, bottom }) =>
          left >= frame.x - 1 &&
          top >= frame.y - 1 &&
          right <= frame.x + frame.width + 1 &&
          bottom <= frame.y + frame.height + 1,
      );
      const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
      const height = Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
      return inside && Math.max(width / frame.width, height / frame.height) > 0.9;
    };
    expect(await isAllInside()).toBe(true);
    await page.screenshot({ path: path.join(picturesFolder, 'map-light.png') });
    await page.getByRole('searchbox', { name: 'Find in Service map' }).fill('svc-41');
    await page.getByText('1 of 60 match').waitFor();
    await page.keyboard.press('Enter');
    const found = page.getByRole('button', { name: /^svc-41 \d/ });
    const middleOf = async (): Promise<readonly number[]> => {
      const { x, y, width, height } = await boxOf(found);
      return [x + width / 2 - frame.x - frame.width / 2, y + height / 2 - frame.y - frame.height / 2].map(Math.abs);
    };
    await expect.poll(async () => Math.max(...(await middleOf()))).toBeLessThan(12);
    // Readable: at least nine tenths of its size.
    expect((await boxOf(found)).width).toBeGreaterThan(140);
    await page.screenshot({ path: path.join(picturesFolder, 'map-found.png') });
    await page.getByRole('button', { name: 'Fit' }).click();
    await expect.poll(isAllInside).toBe(true);
  });

  it('shows what is near to a service, in either direction, and keeps that in the address', async () => {
    await open();
    await page.getByLabel('Service', { exact: true }).selectOption('svc-03');
    await page.getByLabel('Focus').selectOption('1');
    // svc-01 calls svc-03, which calls svc-07, svc-08 and svc-10.
    await expect.poll(() => nodes().count()).toBe(5);
    await page.getByLabel('Direction').selectOption('callers');
    await expect.poll(() => nodes().count()).toBe(2);
    await page.getByLabel('Focus').selectOption('2');
    await expect.poll(() => nodes().count()).toBe(3);
    const details = page.getByRole('complementary', { name: 'Service svc-03' });
    expect(await details.getByRole('listitem').allInnerTexts()).toHaveLength(1);
    await page.reload();
    await expect.poll(() => nodes().count()).toBe(3);
    await page.getByLabel('Focus').selectOption('0');
    await expect.poll(() => nodes().count()).toBe(services);
    await page.getByLabel('Hide edges below').fill('0.5');
    await page.getByLabel('Unit of the limit').selectOption('%');
    await page.keyboard.press('Enter');
    await page.getByLabel('Hide edges below').press('Enter');
    await page.getByText(/\d+ edges below 0.5% are hidden/).waitFor();
    expect(new URL(page.url()).searchParams.get('min')).toBe('0.5%');
  });

  it('groups services by their namespace, and opens a group', async () => {
    await open();
    await page.getByLabel('Group by namespace').check();
    await expect.poll(() => nodes().count()).toBe(4);
    await page.getByRole('button', { name: /^team-1 15 services/ }).click();
    await page.getByRole('button', { name: 'Show its 15 services' }).click();
    await expect.poll(() => nodes().count()).toBe(18);
    await page.screenshot({ path: path.join(picturesFolder, 'map-groups.png') });
    await page.getByRole('button', { name: 'Close group team-1' }).click();
    await expect.poll(() => nodes().count()).toBe(4);
  });

  it('shows the details of an edge, whose link finds exactly its traces', async () => {
    await open('&service=svc-01&depth=1');
    // The middle of an edge.
    const edge = page.getByRole('img', { name: /^svc-01 calls svc-03: 6 calls/ });
    await edge.locator('.edge-target').dispatchEvent('click');
    const details = page.getByRole('complementary', { name: 'Edge svc-01 → svc-03' });
    await details.getByText('1 (16.7 %)').waitFor();
    await details.getByRole('table').getByText('GET /3').waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'map-edge.png') });
    expect(await accessibilityViolations(page)).toEqual([]);
    await details.getByRole('link', { name: 'Traces', exact: true }).click();
    await page.waitForURL(/\/search\?/);
    const found = new URL(page.url()).searchParams;
    expect([found.get('service'), found.get('caller')]).toEqual(['svc-03', 'svc-01']);
    expect(found.get('from')).toBe(new URLSearchParams(range).get('from'));
    await expect.poll(() => page.locator('.results a[href^="/trace/"]').count()).toBe(6);
    await page.goBack();
    // svc-10 is called by svc-04 (6 traces) and by svc-03 (2 traces).
    const answers = await Promise.all(
      ['', '&caller=svc-03', '&caller=svc-03&callerOperation=handle', '&caller=svc-03&callerOperation=other'].map(
        async (query) => {
          const response = await fetch(`${console.store.url}/api/traces?service=svc-10${query}`);
          return ((await response.json()) as { readonly traces: readonly unknown[] }).traces.length;
        },
      ),
    );
    expect(answers.slice(1)).toEqual([2, 2, 0]);
    expect(answers[0]).toBeGreaterThan(2);
  });

  it('has a table in its place, with the same range, which can be sorted and leads to the same details', async () => {
    await open('&service=svc-01');
    await page.getByRole('button', { name: 'Table' }).click();
    const edges = page.getByRole('table', { name: 'Service map: edges' });
    await edges.waitFor();
    const address = new URL(page.url());
    expect([address.pathname, address.searchParams.get('from')]).toEqual([
      '/map',
      new URLSearchParams(range).get('from'),
    ]);
    await edges.getByRole('button', { name: 'Failed' }).click();
    expect(await edges.locator('tbody tr').first().innerText()).toContain('svc-03');
    await page.getByRole('button', { name: 'Details of svc-01 → svc-03' }).click();
    await page.getByRole('complementary', { name: 'Edge svc-01 → svc-03' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.screenshot({ path: path.join(picturesFolder, 'map-table.png') });
  });

  it('can be used with the keyboard, and its links keep the time range', async () => {
    await open();
    await page.getByRole('button', { name: /^svc-00 / }).focus();
    await page.keyboard.press('ArrowRight');
    const label = (await page.locator(':focus').getAttribute('aria-label')) ?? '';
    expect(label).toMatch(/^svc-(?!00)\d\d /);
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).searchParams.get('service')).toBe(label.slice(0, 6));
    expect(await page.locator('.map-body [tabindex="0"].node').count()).toBe(1);
    for (const name of ['Overview', 'Dashboards', 'Map', 'Search']) {
      const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
      expect(new URL((await link.getAttribute('href')) ?? '', console.store.url).searchParams.toString()).toBe(range);
    }
    await page.goto(`${console.store.url}/?range=15m`);
    expect(await page.getByRole('link', { name: 'Open map' }).getAttribute('href')).toBe('/map?range=15m');
    const dashboards = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Dashboards' });
    await dashboards.click();
    await page.locator('.dashboard-cards a').first().waitFor();
    expect(await page.locator('.dashboard-cards a').first().getAttribute('href')).toContain('?range=15m');
  });

  it.each(['light', 'dark'] as const)(
    'is accessible in the %s theme, and fits the screen of a phone',
    async (theme) => {
      await page.emulateMedia({ colorScheme: theme });
      await open('&service=svc-03');
      expect(await accessibilityViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(picturesFolder, `map-service-${theme}.png`) });
      await page.setViewportSize({ width: 390, height: 844 });
      await page.reload();
      await nodes().first().waitFor();
      // The selected service is in the frame.
      const frame = await boxOf(page.locator('.graph-box'));
      const middle = async (): Promise<number> => {
        const { y, height } = await boxOf(page.getByRole('button', { name: /^svc-03 \d/ }));
        return (y + height / 2 - frame.y) / frame.height;
      };
      await expect.poll(middle).toBeGreaterThan(0);
      expect(await middle()).toBeLessThan(1);
      const main = page.getByRole('main');
      expect(await main.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
      await page.screenshot({ path: path.join(picturesFolder, `map-phone-${theme}.png`) });
    },
  );
});

async function boxOf(locator: Locator): Promise<{
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('It is not shown');
  return box;
}
