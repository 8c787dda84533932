import path from 'node:path';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../bench/corpus/random.ts';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { spansOfWebRequests, webRequests } from '@spandrel/testing/web-requests';
import { parseDuration } from '../../apps/console/src/format/duration.ts';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

const endUs = BigInt(Date.now() - 60_000) * 1_000n;
const requests = webRequests(150, endUs, new SeededRandom(5));

let console: ConsoleUnderTest;
let watched: WatchedPage;
let page: Page;

describe.skipIf(!hasChromium)('the range of a search', () => {
  beforeAll(async () => {
    console = await startConsole();
    for (const request of spansOfWebRequests(requests)) {
      await sendGrpc(console.store.grpcAddress, encodeProtobuf(request));
    }
    watched = await console.openPage();
    ({ page } = watched);
  });

  afterAll(async () => {
    await watched.close();
    await console.stop();
  });

  const open = async (query: string): Promise<void> => {
    await page.goto(`${console.store.url}/search${query}`);
    await overview().waitFor();
  };
  const overview = () => page.getByRole('region', { name: 'All matching traces' });
  const counts = async (): Promise<string> => (await overview().getByRole('status').innerText()).trim();
  const parameters = (): URLSearchParams => new URL(page.url()).searchParams;
  const facet = (name: string) => page.getByRole('group', { name: 'Facets' }).getByRole('button', { name });
  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });

  it('counts all traces of the range and the failed ones, not only those of the list', async () => {
    await open('?service=db');
    const failed = requests.filter(({ isRootFailed, isQueryFailed }) => isRootFailed || isQueryFailed).length;
    await expect.poll(counts).toBe(`${requests.length} traces, ${failed} failed`);
    await picture('search-range');
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture('search-range-dark');
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('leaves the list in its place when the counts arrive', async () => {
    const counted = Promise.withResolvers<void>();
    const hold = async (route: Route): Promise<void> => {
      await counted.promise;
      await route.continue();
    };
    await page.route('**/api/traces/heatmap?*', hold);
    await page.goto(`${console.store.url}/search?service=db`);
    const topOfRow = async (): Promise<number> => (await page.locator('.result').first().boundingBox())?.y ?? 0;
    await page.getByRole('status', { name: 'Counting traces' }).waitFor();
    await expect.poll(topOfRow).toBeGreaterThan(0);
    const before = await topOfRow();
    counted.resolve();
    await overview().waitFor();
    expect(Math.abs((await topOfRow()) - before)).toBeLessThanOrEqual(1);
    await page.unroute('**/api/traces/heatmap?*', hold);
  });

  it('zooms into the times and durations of a box, and what is drawn in it is found', async () => {
    await open('?service=web&operation=GET%20%2F&kind=server');
    const box = await page.locator('.range-heatmap svg').boundingBox();
    if (box === null) throw new Error('no heat map');
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 120, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => parameters().has('from')).toBe(true);
    const [from, to] = ['from', 'to'].map((name) => BigInt(Date.parse(parameters().get(name) ?? '')) * 1_000n) as [
      bigint,
      bigint,
    ];
    const [min, max] = ['min', 'max'].map((name) => parseDuration(parameters().get(name) ?? '') ?? 0) as [
      number,
      number,
    ];
    const inBox = requests.filter(
      ({ operation, startUs, durationUs }) =>
        operation === 'GET /' &&
        startUs >= from &&
        startUs <= to &&
        Number(durationUs) * 1_000 >= min &&
        Number(durationUs) * 1_000 <= max,
    );
    expect(inBox.length).toBeGreaterThan(1);
    await expect.poll(counts).toMatch(new RegExp(`^${inBox.length} traces,`));
    // The list and the points are the traces of the box.
    await expect.poll(() => page.locator('.range-heatmap circle').count()).toBe(Math.min(inBox.length, 50));
  });

  it('is read, zoomed and opened with the keyboard', async () => {
    await open('?service=db');
    await expect.poll(counts).toMatch(`${requests.length} traces`);
    const cells = page.getByRole('slider', { name: 'Traces by start and duration' });
    await cells.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect
      .poll(() => cells.getAttribute('aria-valuetext'))
      .toMatch(/ – .*: \d+ traces?, any duration: \d+ trace/);
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(() => parameters().has('min')).toBe(true);
    await page.goBack();
    await expect.poll(counts).toMatch(`${requests.length} traces`);
    await page.getByRole('slider', { name: 'Listed traces' }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.range-heatmap .tip').getByText('web').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('treeitem').first().waitFor();
    await page.goBack();
  });

  it('filters by a value of a facet, and removes it with another click', async () => {
    await open('?service=db');
    const errors = facet('error');
    const count = Number.parseInt((await errors.locator('.number').innerText()).replaceAll(',', ''));
    await errors.click();
    await expect.poll(() => parameters().get('status')).toBe('error');
    await expect.poll(counts).toBe(`${count} traces, ${count} failed`);
    expect(await facet('error').getAttribute('aria-pressed')).toBe('true');
    await facet('error').click();
    await expect.poll(() => parameters().has('status')).toBe(false);
  });

  it('counts the values of a pinned key, which the browser remembers', async () => {
    await open('?service=web');
    await page.getByLabel('Key to pin').fill('region');
    await page.keyboard.press('Enter');
    const wanted = requests.filter(({ region }) => region === 'eu').length;
    await expect.poll(() => facet('eu').innerText()).toMatch(new RegExp(`eu\\s*${wanted}`));
    await page.reload();
    await facet('eu').click();
    await expect.poll(() => parameters().getAll('attribute')).toEqual(['region=eu']);
    await expect.poll(counts).toMatch(new RegExp(`^${wanted} `));
    await page.getByRole('button', { name: 'Unpin region' }).click();
    await expect.poll(() => facet('eu').count()).toBe(0);
  });

  it('finds spans by a text that they contain', async () => {
    await open('');
    await page.getByLabel('Contains text').fill('needle-EVENTattribute');
    await page.keyboard.press('Enter');
    const wanted = requests.filter(({ word }) => word === 'Needle-eventAttribute').length;
    await expect.poll(counts).toMatch(new RegExp(`^${wanted} traces`));
    expect(parameters().get('text')).toBe('needle-EVENTattribute');
  });

  it('has axes that do not overlap: for one trace, for none, and on a phone', async () => {
    const [first] = requests;
    const from = new Date(Number((first?.startUs ?? 0n) / 1_000n) - 3).toISOString();
    const to = new Date(Number((first?.startUs ?? 0n) / 1_000n) + 7).toISOString();
    for (const [query, width, expected] of [
      [`?from=${from}&to=${to}`, 1440, /^1 trace, /],
      ['?service=nobody', 1440, /^0 traces, /],
      ['', 390, /^\d+ /],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      await open(query);
      await expect.poll(counts).toMatch(expected);
      const labels = await page.locator('.range-heatmap text').evaluateAll((texts) =>
        texts.map((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect();
          return { left, right, top, bottom, text: text.textContent };
        }),
      );
      expect(labels.length).toBeGreaterThan(2);
      for (const [n, one] of labels.entries()) {
        for (const other of labels.slice(n + 1)) {
          const isApart =
            one.right <= other.left ||
            other.right <= one.left ||
            one.bottom <= other.top + 2 ||
            other.bottom <= one.top + 2;
          expect(isApart, `${one.text} and ${other.text}`).toBe(true);
        }
      }
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
      // Without a trace no duration is known.
      const durations = labels.filter(({ text }) => /\d [mµn]?s$/.test(text ?? ''));
      expect(durations.length > 0, query).toBe(query !== '?service=nobody');
      await picture(`search-range-${query === '?service=nobody' ? 'none' : width}`);
    }
  });
});
