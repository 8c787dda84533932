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
const orders = 230;
const pageSize = 200;

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
  /** The number of loaded rows: most of them are not rendered. */
  const results = async () => {
    const [list] = await page.locator('.results').all();
    return list === undefined ? 0 : Number(await list.getAttribute('aria-rowcount')) - 1;
  };
  const rows = () => page.locator('.result');
  const scrollTo = (top: number) => page.evaluate(`document.querySelector('main').scrollTop = ${top}`);
  const scrollTop = () => page.evaluate<number>(`document.querySelector('main').scrollTop`);
  const parameters = (): URLSearchParams => new URL(page.url()).searchParams;
  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });

  it('finds traces by service and attribute, and opens one', async () => {
    await open('');
    await expect.poll(results).toBe(pageSize);
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
    await expect.poll(results).toBe(pageSize);
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

  it('finds by status and duration, and says at the field which duration is wrong', async () => {
    await open('');
    await page.getByLabel('Status').selectOption('error');
    await page.getByLabel('Min duration').fill('90 ms');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect.poll(results).toBe(1);
    const message = () => page.evaluate<string>(`document.querySelector('input[name=max]').validationMessage`);
    await page.getByLabel('Max duration').fill('1 ms');
    await page.keyboard.press('Enter');
    expect(await message()).toBe('Max duration (1 ms) must be at least Min duration (90 ms).');
    expect(parameters().has('max')).toBe(false);
    await page.getByLabel('Max duration').fill('120 ms');
    await page.keyboard.press('Enter');
    await expect.poll(() => parameters().get('max')).toBe('120 ms');
    // An address may have such a search, too. It is not sent.
    await open('?min=long');
    await page
      .getByRole('alert')
      .getByText(/^Min duration must be a number with a unit/)
      .waitFor();
  });

  it('bounds the duration of the trace, or with a switch that of the matching span', async () => {
    await open('?service=generator&min=30ms&max=70ms');
    await page.getByText('No traces found').waitFor();
    await page.getByLabel('Duration of').selectOption('span');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect.poll(results).toBe(2);
    expect(parameters().get('duration')).toBe('span');
  });

  it('loads more results while one scrolls, and sorts by a column', async () => {
    await open('?service=orders&order=slowest');
    await expect.poll(results).toBe(pageSize);
    const durations = async () =>
      (await page.locator('.result [data-column=duration]').allInnerTexts()).map((shown) => parseFloat(shown));
    expect((await durations()).slice(0, 3)).toEqual([230, 229, 228]);
    await scrollTo(100_000);
    await expect.poll(results).toBe(orders);
    await scrollTo(100_000);
    await expect.poll(async () => (await durations()).at(-1)).toBe(1);
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(async () => (await durations())[0]).toBe(1);
    expect(parameters().has('order')).toBe(false);
    expect(await page.getByRole('columnheader', { name: 'Start' }).getAttribute('aria-sort')).toBe('descending');
  });

  it('keeps rows and position for "Back", and steps from trace to trace', async () => {
    await open('?service=orders');
    await expect.poll(results).toBe(pageSize);
    await scrollTo(100_000);
    await expect.poll(results).toBe(orders);
    await scrollTo(3_000);
    const top = await scrollTop();
    expect(top).toBe(3_000);
    const requests: string[] = [];
    page.on('request', (request) => {
      if (/\/api\/traces\?/.test(request.url())) requests.push(request.url());
    });
    // By its number: the rendered rows change while the list scrolls.
    const index = 90;
    await page.locator(`.result[data-index="${index}"]`).getByRole('link').click();
    const traceIn = (n: number) => `/trace/0a${n.toString(16).padStart(30, '0')}`;
    const steps = page.getByRole('navigation', { name: 'Search results' });
    await steps.getByText(`${index + 1} of ${orders} loaded`).waitFor();
    expect(new URL(page.url()).pathname).toBe(traceIn(index));
    await steps.getByRole('button', { name: 'Next' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(traceIn(index + 1));
    await steps.getByText(`${index + 2} of`).waitFor();
    await page.keyboard.press('[');
    await steps.getByText(`${index + 1} of`).waitFor();
    await page.goBack();
    await expect.poll(results).toBe(orders);
    await expect.poll(scrollTop).toBe(top);
    expect(requests).toEqual([]);
  });

  it('limits results to an absolute time range', async () => {
    await open('?service=orders');
    await expect.poll(results).toBe(pageSize);
    const from = new Date(startMs - 30_500).toISOString();
    const to = new Date(startMs - 20_500).toISOString();
    await open(`?service=orders&from=${from}&to=${to}`);
    await expect.poll(results).toBe(10);
    await page.getByText('10 traces, newest first').waitFor();
    // A range in the past receives no new traces.
    expect(await page.getByRole('button', { name: 'Live tail' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Zoom out time range' }).click();
    await expect.poll(results).toBe(20);
  });

  it('shows and counts new traces in the live tail, until it is paused', async () => {
    // Aggregates do not have the attribute, and would count some seconds later.
    await open('?service=arriving&attribute=http.route');
    await page.getByText('No traces found').waitFor();
    await page.getByRole('button', { name: 'Live tail' }).click();
    const arrive = (n: number) =>
      console.send([
        { service: 'arriving', spans: [{ ...orderSpan(n), startTimeUnixNano: nowNs(), endTimeUnixNano: nowNs() }] },
      ]);
    await arrive(1100);
    await expect.poll(results, { timeout: 15_000 }).toBe(1);
    await arrive(1101);
    await expect.poll(results, { timeout: 15_000 }).toBe(2);
    // The newest is at the top.
    const firstId = () => rows().first().getByRole('link').getAttribute('href');
    expect(await firstId()).toContain((1101).toString(16).padStart(30, '0'));
    // The list holds still under the pointer.
    await rows().first().hover();
    await arrive(1103);
    await page.getByRole('button', { name: '1 new trace' }).waitFor({ timeout: 15_000 });
    expect(await firstId()).toContain((1101).toString(16).padStart(30, '0'));
    await page.mouse.move(5, 5);
    await expect.poll(results, { timeout: 15_000 }).toBe(3);
    expect(parameters().get('tail')).toBe('1');
    // So do the heat map and the facets, at most every five seconds.
    const overview = page.getByRole('region', { name: 'All matching traces' });
    const facets = page.getByRole('group', { name: 'Facets' });
    await expect.poll(() => overview.getByRole('status').innerText(), { timeout: 15_000 }).toBe('3 traces, 0 failed');
    const arriving = facets.getByRole('button', { name: 'arriving' });
    await expect.poll(() => arriving.innerText(), { timeout: 15_000 }).toMatch(/3$/);
    await picture('live-tail');
    const requests: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/traces')) requests.push(new URL(request.url()).pathname);
    });
    await page.waitForTimeout(5_000);
    const sent = Map.groupBy(requests, (pathname) => pathname);
    expect(sent.get('/api/traces')?.length).toBeLessThanOrEqual(3);
    for (const counted of ['heatmap', 'facets']) {
      expect(sent.get(`/api/traces/${counted}`)?.length ?? 0).toBeLessThanOrEqual(1);
    }
    await page.getByRole('button', { name: 'Pause' }).click();
    requests.length = 0;
    await arrive(1102);
    await page.waitForTimeout(3_000);
    expect(requests).toEqual([]);
    expect(await results()).toBe(3);
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
        `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? '').trim()`,
      );
    // Tab reaches every control and the list; the arrow keys move in the list.
    for (let n = 0; n < 25 && !(await focused()).startsWith('generator'); n++) await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/^generator/);
    // The focus is visible.
    expect(await page.evaluate<string>(`getComputedStyle(document.activeElement, '::after').outlineStyle`)).toBe(
      'solid',
    );
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('tree', { name: 'Spans' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/trace/${passwordTraceId(1)}`);
  });

  it('fits the screen of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await open('');
    await expect.poll(results).toBe(pageSize);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    await picture('phone-search');
  });

  it('shows results first on a phone, with the form behind a line that says what is searched for', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open('?service=generator');
    await expect.poll(results).toBe(2);
    const form = page.getByRole('search');
    expect(await form.isVisible()).toBe(false);
    expect(await rows().nth(1).boundingBox()).toMatchObject({ y: expect.toSatisfy((y: number) => y < 844 - 58) });
    // Two lines a row, none of them cut off.
    const outside = await rows()
      .locator('.lead input, .cell')
      .evaluateAll((cells) =>
        cells.flatMap((cell) => {
          const [own, row] = [cell, cell.closest('.result') ?? cell].map((each) => each.getBoundingClientRect());
          const isInside = (own?.top ?? 0) >= (row?.top ?? 0) && (own?.bottom ?? 0) <= (row?.bottom ?? 0);
          return isInside || own?.height === 0 ? [] : [cell.textContent];
        }),
      );
    expect(outside).toEqual([]);
    await picture('phone-search-results');
    const edit = page.getByRole('button', { name: 'Edit search: generator' });
    await edit.click();
    await page.getByLabel('Attribute').first().fill('pwlen=8');
    await picture('phone-search-form');
    // Turning the phone, or folding the form, keeps what was typed.
    await page.getByRole('button', { name: 'Hide search: generator' }).click();
    expect(await form.isVisible()).toBe(false);
    await page.setViewportSize({ width: 844, height: 390 });
    expect(await page.getByLabel('Attribute').first().inputValue()).toBe('pwlen=8');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.keyboard.press('/');
    await expect.poll(() => form.isVisible()).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(results).toBe(1);
    expect(await form.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Edit search: generator, pwlen=8' }).waitFor();
  });

  it('explains what to do without results, and which names are unknown', async () => {
    await open('?service=unknown&attribute=foo+bar%3D1');
    await page.getByText('No traces found').waitFor();
    expect(await page.getByText('No service named unknown was seen in this range.').isVisible()).toBe(true);
    expect(await page.getByText('No attribute with the key foo bar was seen in this range.').isVisible()).toBe(true);
  });

  it('shows spans as rows, with attributes of choice, and remembers the columns', async () => {
    await open('?service=generator');
    await expect.poll(results).toBe(2);
    await page.getByText('Columns').click();
    await page.getByLabel('Trace ID', { exact: true }).check();
    await page.getByRole('columnheader', { name: 'Trace ID' }).waitFor();
    await page.getByRole('button', { name: 'Spans', exact: true }).click();
    await expect.poll(results).toBe(6);
    await page.getByLabel('Attribute key').fill('pwlen');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('columnheader', { name: 'pwlen' }).waitFor();
    await expect
      .poll(async () => (await page.locator('[data-column=attribute-0]').allInnerTexts()).toSorted())
      .toContain('25');
    await picture('search-spans');
    await page.reload();
    await page.getByRole('columnheader', { name: 'pwlen' }).waitFor();
    await rows().first().getByRole('link').click();
    await page.locator('.span-panel').waitFor();
  });

  it('of a trace with many services shows the errors first, and the other services on request', async () => {
    const span = orderSpan(5_000);
    await console.send(
      Array.from({ length: 20 }, (_, n) => ({
        service: `many-${n}`,
        spans: [
          {
            ...span,
            spanId: hexBytes((n + 1).toString(16).padStart(16, '0')),
            ...(n === 7 && { status: { code: 2 } }),
          } as SpanInit,
        ],
      })),
    );
    await page.goto(`${store.url}/trace/0a${(5_000).toString(16).padStart(30, '0')}`);
    const chips = page.getByRole('group', { name: 'Show only' });
    await chips.getByRole('button', { name: 'errors' }).waitFor();
    expect(await chips.getByRole('button').first().textContent()).toContain('errors');
    expect(await chips.getByRole('button', { name: /^many-/ }).count()).toBe(12);
    await chips.getByRole('button', { name: 'Show all 20 services' }).click();
    expect(await chips.getByRole('button', { name: /^many-/ }).count()).toBe(20);
  });

  it('saves searches, lists recent ones, and deletes them', async () => {
    await open('?service=generator&status=error');
    await expect.poll(results).toBe(1);
    await page.getByText('Saved searches').click();
    await page.getByLabel('Name of this search').fill('failed passwords');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await open('');
    await expect.poll(results).toBe(pageSize);
    await page.getByText('Saved searches').click();
    await picture('saved-searches');
    expect(await page.getByRole('list', { name: 'Recent searches' }).getByText('generator, error').count()).toBe(1);
    await page.getByRole('link', { name: 'failed passwords' }).click();
    await expect.poll(results).toBe(1);
    await page.getByText('Saved searches').click();
    await page.getByRole('button', { name: 'Delete failed passwords' }).click();
    expect(await page.getByRole('link', { name: 'failed passwords' }).count()).toBe(0);
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
