import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '../../apps/tracestore/test/password-traces.js';
import { hexBytes, type SpanInit, text } from '../../apps/tracestore/test/requests.js';
import type { RunningTracestore } from '../../apps/tracestore/test/running-tracestore.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, type ServiceSpans, startConsole } from './console-under-test.js';

const hostile = `<img src=x onerror="document.title='owned'"> \u202e\u{1F600} {{7*7}}`;
const largeTraceId = 'c'.repeat(32);
const largeCount = 50_000;
const startMs = Date.now() - 300_000;

let console: ConsoleUnderTest;
let store: RunningTracestore;
let page: Page;
let complaints: string[];

describe.skipIf(!hasChromium)('the console', () => {
  beforeAll(async () => {
    console = await startConsole();
    ({ store } = console);
    await sendPasswordTraces(store, startMs);
    await console.send([{ service: hostile, spans: [hostileSpan()] }]);
    for (let first = 0; first < largeCount; first += 10_000) await console.send(largeSpans(first, 10_000));
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    ({ page, complaints } = await console.openPage());
  });

  afterEach(async () => {
    await page.close();
    // No script that failed, nothing that the policy refused, no request to anywhere else.
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  });

  it('finds traces, and one goes on to a trace and back', async () => {
    await page.goto(store.url);
    await page
      .getByRole('link', { name: /generator generator\.generate/ })
      .first()
      .waitFor();
    expect(new URL(page.url()).pathname).toBe('/search');
    expect(await page.getByRole('list').getByRole('listitem').count()).toBe(4);
    await page.screenshot({ path: path.join(picturesFolder, 'search.png') });
    await page.getByLabel('Service').fill('generator');
    await page.getByLabel('Attribute').first().fill('pwlen=8');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('list').getByRole('listitem').count()).toBe(1);
    expect(new URL(page.url()).search).toBe('?service=generator&attribute=pwlen%3D8');
    await page.getByRole('link', { name: /generator\.generate/ }).click();
    await page.getByRole('treeitem').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/trace/${passwordTraceId(2)}`);
    await page.goBack();
    await expect.poll(() => page.getByLabel('Service').inputValue()).toBe('generator');
  });

  it('shows a trace as a tree that the keyboard walks through', async () => {
    await page.goto(`${store.url}/trace/${passwordTraceId(2)}`);
    const tree = page.getByRole('tree', { name: 'Spans' });
    await tree.focus();
    const labels = () =>
      page.getByRole('treeitem').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
    expect(await labels()).toEqual([
      'generator generator.generate, 100 ms, failed',
      'generator HTTP GET, 40 ms, failed',
      'lower GET /, 36 ms, failed',
      'lower HTTP GET, 26 ms',
      'digit GET /, 4 ms',
      'generator HTTP GET, 40 ms',
      'upper GET /, 36 ms',
    ]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.getByText('FAILED to fetch a lower char').waitFor();
    expect(new URL(page.url()).searchParams.get('span')).toBe('0000000000000002');
    await page.screenshot({ path: path.join(picturesFolder, 'trace.png') });
    await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await labels()).length).toBe(4);
    await page.keyboard.press('ArrowRight');
    await expect.poll(async () => (await labels()).length).toBe(7);
    await page.keyboard.press('Escape');
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('finds what is not drawn in a trace of 50,000 spans, and goes there', async () => {
    const startedAt = performance.now();
    await page.goto(`${store.url}/trace/${largeTraceId}`);
    await page.getByRole('treeitem').first().waitFor();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await page.getByRole('treeitem').count()).toBeLessThan(200);
    await page.keyboard.press('/');
    await page.keyboard.type('needle');
    await page.keyboard.press('Enter');
    await page.getByText('2 found').waitFor();
    // In the order of the tree, in which a child of an earlier span comes first.
    const selected = page.getByRole('treeitem', { selected: true });
    await page.getByRole('button', { name: 'Next match' }).click();
    await expect.poll(() => selected.getAttribute('aria-label')).toContain('step 43210');
    await page.getByRole('button', { name: 'Next match' }).click();
    await expect.poll(() => selected.getAttribute('aria-label')).toContain('step 12345');
    expect(await selected.isVisible()).toBe(true);
    await page.screenshot({ path: path.join(picturesFolder, 'large-trace.png') });
  });

  it.each(['light', 'dark'] as const)('shows hostile data as text, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${store.url}/trace/${'d'.repeat(32)}?span=000000000000d00d`);
    await page.getByText('a long value').first().waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toBe('Trace dddddddd · Spandrel');
    expect(await page.getByRole('heading', { level: 2 }).textContent()).toBe(hostile);
    await page.screenshot({ path: path.join(picturesFolder, `hostile-${colorScheme}.png`) });
  });

  it('says what to do when there is nothing', async () => {
    await page.goto(`${store.url}/search?service=nobody`);
    await page.getByText('No trace is like that').waitFor();
    await page.goto(`${store.url}/nowhere/at/all`).catch(() => undefined);
    await page.goto(`${store.url}/trace/${'e'.repeat(32)}`);
    await page.getByRole('alert').getByText('The trace is not here').waitFor();
    // The browser itself says so of each 404.
    expect(complaints.every((complaint) => complaint.includes('404'))).toBe(true);
    complaints.length = 0;
  });
});

function hostileSpan(): SpanInit {
  const start = BigInt(startMs) * 1_000_000n;
  return {
    traceId: hexBytes('d'.repeat(32)),
    spanId: hexBytes('000000000000d00d'),
    name: hostile,
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + 5_000_000n,
    attributes: [text(hostile, hostile), text('long', `a long value ${'x'.repeat(1_000_000)}`)],
    status: { code: 2, message: hostile },
  };
}

/** A part of a trace in which each span has a few below it; two of its spans have a needle. */
function largeSpans(first: number, count: number): readonly ServiceSpans[] {
  const start = BigInt(startMs - 60_000) * 1_000_000n;
  const idOf = (n: number): Uint8Array<ArrayBuffer> => hexBytes((n + 1).toString(16).padStart(16, '0'));
  const spans = Array.from({ length: count }, (_, index): SpanInit => {
    const n = first + index;
    return {
      traceId: hexBytes(largeTraceId),
      spanId: idOf(n),
      parentSpanId: n === 0 ? hexBytes('') : idOf(Math.floor((n - 1) / 8)),
      name: `step ${n}`.replace(/^(step) (?!12345$|43210$|0$).*/, '$1'),
      kind: 1,
      startTimeUnixNano: start + BigInt(n) * 1_000_000n,
      endTimeUnixNano: start + BigInt(n * 8 + 1000) * 1_000_000n,
      attributes: n === 12_345 || n === 43_210 ? [text('hay', 'a Needle')] : [],
    };
  });
  return [...Map.groupBy(spans.entries(), ([n]) => `service-${n % 5}`)].map(([service, own]) => ({
    service,
    spans: own.map(([, span]) => span),
  }));
}
