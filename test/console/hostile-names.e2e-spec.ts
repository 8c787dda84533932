import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, startConsole, type WatchedPage } from './console-under-test.js';

/** Names of services, operations and attributes. Each service calls the next. */
const names = ['polluted', '__proto__', 'isAdmin', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
/** A multiple of ten seconds, which is the step of aggregates, a minute ago. */
const nowMs = Math.floor(Date.now() / 10_000) * 10_000 - 60_000;
const traces = 5;
const range = new URLSearchParams({
  from: new Date(nowMs - 600_000).toISOString(),
  to: new Date(nowMs + 60_000).toISOString(),
}).toString();

const traceIdOf = (trace: number): string => `bad${trace.toString(16).padStart(29, '0')}`;
const spanIdOf = (trace: number, depth: number): string => (trace * 100 + depth + 1).toString(16).padStart(16, '0');

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('services, operations and attributes with names of object members', () => {
  beforeAll(async () => {
    console = await startConsole({ TRACESTORE_SQL_PER_MINUTE: '600' });
    await console.send(
      names.map((service, depth) => ({
        service,
        spans: Array.from({ length: traces }, (_, trace) => spanOf(service, trace, depth)),
      })),
    );
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    watched = await console.openPage();
    ({ page } = watched);
  });

  afterEach(async () => {
    const members = await page.evaluate<readonly string[]>('Object.getOwnPropertyNames(Object.prototype)');
    const added = members.filter((name) => !Object.hasOwn(Object.prototype, name));
    if (added.length > 0) watched.pageErrors.push(`Object.prototype has ${added.join(', ')}`);
    const text = await page.evaluate<string>('Object.prototype.toString.call([])');
    if (text !== '[object Array]') watched.pageErrors.push(`Object.prototype.toString gives ${text}`);
    await watched.close();
  });

  it('are shown on the overview page and its map', async () => {
    await expect
      .poll(
        async () => {
          await page.goto(`${console.store.url}/?${range}`);
          await page.getByRole('heading', { level: 1 }).waitFor();
          return page.getByRole('table', { name: 'Services' }).locator('tbody tr').count();
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toBe(names.length);
    const map = page.getByRole('region', { name: 'Service map' });
    for (const [n, name] of names.entries()) {
      await map.getByRole('button', { name: new RegExp(`^${name} \\d`) }).waitFor();
      const called = names[n + 1];
      if (called !== undefined)
        // A straight edge has no height.
        await map.getByRole('img', { name: `${name} calls ${called}: ${traces} calls` }).waitFor({ state: 'attached' });
    }
    await map.getByRole('button', { name: /^__proto__ \d/ }).focus();
    await expect.poll(() => map.getByRole('status').textContent()).toContain(`__proto__: ${traces} calls`);
  });

  it.each(names)('are found by a search and opened: %s', async (name) => {
    await page.goto(
      `${console.store.url}/search?service=${name}&operation=${name}&attribute=${name}%3D${name}&${range}`,
    );
    const results = page.locator('.result');
    await expect.poll(() => results.count()).toBe(traces);
    await results.first().getByRole('link').click();
    await expect.poll(() => page.getByRole('treeitem').count()).toBe(names.length);
  });

  it('keep all attributes of a span, also when the span is loaded again', async () => {
    const address = `${console.store.url}/trace/${traceIdOf(1)}?span=${spanIdOf(1, 1)}`;
    await page.clock.install();
    await page.goto(address);
    const panel = page.getByRole('complementary', { name: 'Span' });
    const keys = async () => {
      const texts = await panel.locator('details', { hasText: 'Attributes' }).first().locator('dt').allTextContents();
      return texts.map((key) => key.trim()).toSorted();
    };
    await expect.poll(keys).toEqual(names.toSorted());
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    // Cached data is stale by then.
    await page.clock.fastForward(60_000);
    const again = page.waitForResponse((response) => response.url().includes(`/spans/${spanIdOf(1, 1)}`));
    await page.getByRole('treeitem').nth(1).click();
    await (await again).finished();
    await expect.poll(keys).toEqual(names.toSorted());
    const answer = await fetch(`${console.store.url}/api/traces/${traceIdOf(1)}/spans/${spanIdOf(1, 1)}`);
    const spans = (await answer.json()) as { readonly spans: readonly { readonly attributes: object }[] };
    expect(Object.keys(spans.spans[0]?.attributes ?? {}).toSorted()).toEqual(names.toSorted());
    for (const view of ['flame', 'operations']) {
      await page.goto(`${address}&view=${view}`);
      await expect.poll(keys).toEqual(names.toSorted());
    }
    await page.goto(`${console.store.url}/compare/${traceIdOf(1)}/${traceIdOf(2)}`);
    await expect.poll(() => page.getByRole('treeitem').count()).toBe(names.length);
  });

  it('are shown on every dashboard', async () => {
    const list = (await (await fetch(`${console.store.url}/api/dashboards`)).json()) as {
      readonly dashboards: readonly { readonly uid: string }[];
    };
    expect(list.dashboards.length).toBeGreaterThan(5);
    for (const { uid } of list.dashboards) {
      await page.goto(`${console.store.url}/dashboards/${uid}?${range}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(await page.getByText('Something went wrong').count(), uid).toBe(0);
    }
  });

  it('are returned by the SQL API', async () => {
    const sql = `SELECT service_name, span_name, span_tags AS "__proto__" FROM ps_trace.span WHERE service_name = '__proto__' LIMIT 1`;
    const answer = await fetch(`${console.store.url}/api/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    });
    expect(answer.status).toBe(200);
    const { rows } = (await answer.json()) as { readonly rows: readonly (readonly unknown[])[] };
    expect(Object.keys(rows[0]?.[2] as object)).toContain('__proto__');
  });
});

function spanOf(name: string, trace: number, depth: number): SpanInit {
  const startMs = nowMs - 30_000 + trace * 1_000 + depth;
  return {
    traceId: hexBytes(traceIdOf(trace)),
    spanId: hexBytes(spanIdOf(trace, depth)),
    ...(depth === 0 ? {} : { parentSpanId: hexBytes(spanIdOf(trace, depth - 1)) }),
    name,
    kind: 2,
    startTimeUnixNano: BigInt(startMs) * 1_000_000n,
    endTimeUnixNano: BigInt(startMs + 100 - depth) * 1_000_000n,
    attributes: names.map((key) => text(key, key)),
  };
}
