import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import type { RunningTracestore } from '@spandrel/testing/running-tracestore';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';
import { failedSpans, failedTraceId } from './example-spans.js';

const startMs = Date.now() - 300_000;
/** More than one page of results. */
const orders = 60;

let console: ConsoleUnderTest;
let store: RunningTracestore;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the search page', () => {
  beforeAll(async () => {
    console = await startConsole();
    ({ store } = console);
    await sendPasswordTraces(store, startMs);
    await console.send(failedSpans(startMs));
    await console.send([{ service: 'orders', spans: Array.from({ length: orders }, (_, n) => orderSpan(n)) }]);
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    watched = await console.openPage();
    ({ page } = watched);
  });

  afterEach(async () => {
    await watched.close();
  });

  const open = async (query: string): Promise<void> => {
    await page.goto(`${store.url}/search${query}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  const results = () => page.locator('.results').getByRole('listitem').count();
  const parameters = (): URLSearchParams => new URL(page.url()).searchParams;
  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });

  it('finds traces by service and attribute, and opens one', async () => {
    await open('');
    await expect.poll(results).toBe(50);
    await picture('search');
    await page.keyboard.press('/');
    await page.keyboard.type('generator');
    await page.getByLabel('Attribute').first().fill('pwlen=8');
    await page.keyboard.press('Enter');
    await expect.poll(results).toBe(1);
    expect(new URL(page.url()).search).toBe('?service=generator&attribute=pwlen%3D8');
    await page.getByRole('link', { name: /generator\.generate/ }).click();
    await page.getByRole('treeitem').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/trace/${passwordTraceId(2)}`);
    await page.goBack();
    await expect.poll(() => page.getByLabel('Service').inputValue()).toBe('generator');
    await page.goBack();
    await expect.poll(results).toBe(50);
  });

  it('suggests attribute keys, and values of a key', async () => {
    await open('?service=generator');
    const field = page.getByLabel('Attribute').first();
    const suggested = async (): Promise<readonly string[]> => {
      const list = await field.getAttribute('list');
      return page
        .locator(`[id="${list}"] option`)
        .evaluateAll((all) => all.map((each) => each.getAttribute('value') ?? ''));
    };
    await expect.poll(suggested).toEqual(expect.arrayContaining(['pwlen', 'os_name', 'telemetry.sdk.name']));
    await field.fill('pwlen=');
    await expect.poll(async () => (await suggested()).toSorted()).toEqual(['pwlen=25', 'pwlen=8']);
    await field.fill('os_name !=');
    await expect.poll(suggested).toEqual(['os_name!=linux']);
  });

  it('finds by status and duration, and explains an invalid duration', async () => {
    await open('');
    await page.getByLabel('Status').selectOption('error');
    await page.getByLabel('Min duration').fill('90 ms');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect.poll(results).toBe(1);
    await page.getByLabel('Min duration').fill('long');
    await page.keyboard.press('Enter');
    await page
      .getByRole('alert')
      .getByText(/^Invalid duration/)
      .waitFor();
  });

  it('loads more results in both orders', async () => {
    await open('?service=orders&order=slowest');
    await expect.poll(results).toBe(50);
    const durations = async () => (await page.locator('.results .number:nth-child(2)').allInnerTexts()).map(parseFloat);
    await page.getByRole('button', { name: 'Load more' }).click();
    await expect.poll(results).toBe(orders);
    expect(await durations()).toEqual(Array.from({ length: orders }, (_, n) => orders - n));
    expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0);
    await page.getByLabel('Order').selectOption('newest');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect.poll(async () => (await durations())[0]).toBe(1);
  });

  it('limits results to an absolute time range', async () => {
    await open('?service=orders');
    await expect.poll(results).toBe(50);
    const from = new Date(startMs - 30_500).toISOString();
    const to = new Date(startMs - 20_500).toISOString();
    await open(`?service=orders&from=${from}&to=${to}`);
    await expect.poll(results).toBe(10);
    // A range in the past receives no new traces.
    expect(await page.getByRole('button', { name: 'Live tail' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Zoom out time range' }).click();
    await expect.poll(results).toBe(20);
  });

  it('shows new traces in the live tail, until it is paused', async () => {
    await open('?service=arriving');
    await page.getByText('No traces found').waitFor();
    await page.getByRole('button', { name: 'Live tail' }).click();
    const arrive = (n: number) =>
      console.send([
        { service: 'arriving', spans: [{ ...orderSpan(n), startTimeUnixNano: nowNs(), endTimeUnixNano: nowNs() }] },
      ]);
    await arrive(100);
    await expect.poll(results, { timeout: 15_000 }).toBe(1);
    await arrive(101);
    await expect.poll(results, { timeout: 15_000 }).toBe(2);
    // The newest is at the top.
    expect(await page.locator('.results a').first().getAttribute('href')).toContain(
      (101).toString(16).padStart(30, '0'),
    );
    expect(parameters().get('tail')).toBe('1');
    await picture('live-tail');
    const requests: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/traces')) requests.push(request.url());
    });
    await page.waitForTimeout(5_000);
    expect(requests.length).toBeLessThanOrEqual(3);
    await page.getByRole('button', { name: 'Pause' }).click();
    requests.length = 0;
    await arrive(102);
    await page.waitForTimeout(3_000);
    expect(requests).toEqual([]);
    expect(await results()).toBe(2);
  });

  it('compares two selected traces, and opens a trace by its ID', async () => {
    await open('?service=generator');
    await page.getByRole('checkbox', { name: passwordTraceId(1) }).check();
    await page.getByText('Select another trace').waitFor();
    await page.getByRole('checkbox', { name: passwordTraceId(2) }).check();
    await page.getByRole('link', { name: 'Compare traces' }).click();
    await page.getByRole('tree', { name: 'Operations of both traces' }).waitFor();
    await page.goBack();
    await page.getByLabel('Look up by trace ID').fill(` ${failedTraceId.toUpperCase()} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'shop: POST /orders' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/trace/${failedTraceId}`);
  });

  it('can be used with the keyboard only', async () => {
    await open('?service=generator');
    await expect.poll(results).toBe(2);
    await page.keyboard.press('/');
    const focused = () =>
      page.evaluate<string>(
        `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? ''`,
      );
    // Tab reaches every control and the list; the arrow keys move in the list.
    for (let n = 0; n < 20 && !(await focused()).startsWith('generator'); n++) await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/^generator/);
    // The focus is visible.
    expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('tree', { name: 'Spans' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/trace/${passwordTraceId(1)}`);
  });

  it('fits the screen of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await open('');
    await expect.poll(results).toBe(50);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    await picture('phone-search');
  });

  it('explains what to do without results', async () => {
    await open('?service=unknown');
    await page.getByText('No traces found').waitFor();
    expect(await page.getByText('Try a wider time range').isVisible()).toBe(true);
  });
});

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** A trace per number. Each starts a second before the previous one and is a millisecond longer. */
function orderSpan(n: number): SpanInit {
  const start = BigInt(startMs - n * 1_000) * 1_000_000n;
  return {
    traceId: hexBytes(`0a${n.toString(16).padStart(30, '0')}`),
    spanId: hexBytes((n + 1).toString(16).padStart(16, '0')),
    name: 'order',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(n + 1) * 1_000_000n,
    attributes: [text('http.route', '/orders')],
  };
}
