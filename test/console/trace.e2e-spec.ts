import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { queryOnce, type RunningTracestore } from '@spandrel/testing/running-tracestore';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';
import {
  failedSpans,
  failedTraceId,
  hostileSpanId,
  hostileSpans,
  hostileText,
  hostileTraceId,
  largeCount,
  largeSpans,
  largeTraceId,
  stackTrace,
} from './example-spans.js';

const startMs = Date.now() - 300_000;

let console: ConsoleUnderTest;
let store: RunningTracestore;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the trace page', () => {
  beforeAll(async () => {
    console = await startConsole();
    ({ store } = console);
    await sendPasswordTraces(store, startMs);
    await console.send([...hostileSpans(startMs), ...failedSpans(startMs)]);
    for (let first = 0; first < largeCount; first += 10_000) {
      await console.send(largeSpans(startMs - 60_000, first, 10_000));
    }
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    watched = await console.openPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    ({ page } = watched);
  });

  afterEach(async () => {
    await watched.close();
  });

  const open = async (traceId: string, query = ''): Promise<void> => {
    await page.goto(`${store.url}/trace/${traceId}${query}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  /** The texts of the rows as a screen reader reads them. */
  const labels = () =>
    page.getByRole('treeitem').evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll('bdi, .took, .visually-hidden, .path-verdict, .path-bars span:not(.visually-hidden)')]
          .map((each) => each.textContent ?? '')
          .filter((each) => each !== '')
          .join(' '),
      ),
    );
  const parameter = (name: string): string | null => new URL(page.url()).searchParams.get(name);
  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });
  const clipboard = (): Promise<string> => page.evaluate<string>('navigator.clipboard.readText()');

  it('is a tree with keyboard navigation and the positions of its items', async () => {
    await open(passwordTraceId(2));
    const tree = page.getByRole('tree', { name: 'Spans' });
    await tree.focus();
    expect(await labels()).toEqual([
      'generator generator.generate 100 ms failed',
      'generator HTTP GET 40 ms failed',
      'lower GET / 36 ms failed',
      'lower HTTP GET 26 ms',
      'digit GET / 4 ms',
      'generator HTTP GET 40 ms',
      'upper GET / 36 ms',
    ]);
    expect(
      await page
        .getByRole('treeitem')
        .evaluateAll((rows) =>
          rows.map((row) => ['level', 'posinset', 'setsize'].map((name) => Number(row.getAttribute(`aria-${name}`)))),
        ),
    ).toEqual([
      [1, 1, 1],
      [2, 1, 2],
      [3, 1, 1],
      [4, 1, 1],
      [5, 1, 1],
      [2, 2, 2],
      [3, 1, 1],
    ]);
    expect(await page.getByRole('treeitem', { name: 'lower GET / 36 ms failed', exact: true }).count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.getByText('FAILED to fetch a lower char').waitFor();
    expect(parameter('span')).toBe('0000000000000002');
    const active = await tree.getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await picture('trace');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await labels()).length).toBe(4);
    await page.keyboard.press('ArrowRight');
    await expect.poll(async () => (await labels()).length).toBe(7);
    await page.keyboard.press('Escape');
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('shows all details of a span, with buttons to copy values', async () => {
    await open(passwordTraceId(2), '?span=0000000000000001');
    const panel = page.getByRole('complementary', { name: 'Span' });
    await panel.getByText('pwlen').waitFor();
    await panel.getByRole('button', { name: /selecting/ }).click();
    await panel.getByText('level', { exact: true }).waitFor();
    await panel.getByText('Resource', { exact: true }).click();
    await panel.getByText('telemetry.sdk.name').waitFor();
    await panel.getByText('Scope test').waitFor();
    await panel.getByRole('button', { name: 'Copy Span ID' }).click();
    expect(await clipboard()).toBe('0000000000000001');
    await page.getByRole('button', { name: 'Copy trace ID' }).click();
    expect(await clipboard()).toBe(passwordTraceId(2));
    // A span link opens the linked span.
    await panel.getByRole('link', { name: 'generator: generator.generate 100 ms' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/trace/${passwordTraceId(1)}`);
    await page.goBack();
    // An attribute links to a search for its value.
    await panel.getByRole('link', { name: 'Search for spans with this pwlen' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('attribute')).toBe('pwlen=8');
    await page.getByRole('link', { name: /generator\.generate/ }).waitFor();
  });

  it('shows an exception with its stack trace', async () => {
    await open(failedTraceId, '?span=f00000000000000f');
    const exception = page.getByRole('region', { name: 'Exception' });
    await exception.getByText('OutOfStockError', { exact: true }).waitFor();
    expect(await exception.locator('pre').textContent()).toBe(stackTrace);
    await exception.getByRole('button', { name: 'Copy stack trace' }).click();
    expect(await clipboard()).toBe(stackTrace);
    await picture('exception');
  });

  it('finds and selects spans that are not rendered, among 50,000 spans', async () => {
    const startedAt = performance.now();
    await open(largeTraceId);
    await page.getByRole('treeitem').first().waitFor();
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(await page.getByRole('treeitem').count()).toBeLessThan(200);
    await page.keyboard.press('/');
    await page.keyboard.type('needle');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 2 matches').waitFor();
    // Matches have the order of the tree, in which a child of an earlier span comes first.
    const selected = page.getByRole('treeitem', { selected: true });
    await expect.poll(() => selected.textContent()).toContain('step 43210');
    await page.getByRole('button', { name: 'Next match' }).click();
    await expect.poll(() => selected.textContent()).toContain('step 12345');
    expect(await selected.isVisible()).toBe(true);
    await page.locator('h1').click();
    await page.keyboard.press('N');
    await expect.poll(() => selected.textContent()).toContain('step 43210');
    await picture('large-trace');
    // The selected row stays rendered while scrolling, for screen readers.
    await page.getByRole('tree', { name: 'Spans' }).evaluate((tree) => tree.scrollTo(0, 0));
    await page.getByRole('treeitem', { name: /^service-0 step 0 / }).waitFor();
    expect(await selected.textContent()).toContain('step 43210');
  });

  it('filters by services and errors, and shows the ancestors of matching spans', async () => {
    await open(largeTraceId);
    const only = page.getByRole('group', { name: 'Show only' });
    await only.getByRole('button', { name: 'errors' }).click();
    await only.getByText('10 spans').waitFor();
    expect(parameter('errors')).toBe('1');
    // The minimap shows their whole bars among 50,000 spans: others do not cover them.
    const failedPixels = await page.evaluate<number>(`(() => {
      const canvas = document.querySelector('.minimap canvas');
      const probe = document.body.appendChild(document.createElement('i'));
      probe.className = 'colour-bad';
      const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
      probe.remove();
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let n = 0; n < data.length; n += 4) if (wanted.every((value, at) => data[n + at] === value)) count += 1;
      return count;
    })()`);
    expect(failedPixels).toBeGreaterThan(5_000);
    // The first failed span with its ancestors.
    await expect
      .poll(labels)
      .toEqual(expect.arrayContaining([expect.stringMatching(/step 0/), expect.stringMatching(/failed$/)]));
    await only.getByRole('button', { name: 'service-3' }).click();
    await only.getByText('0 spans', { exact: true }).waitFor();
    await only.getByRole('button', { name: 'errors' }).click();
    await only.getByText('10,000 spans').waitFor();
    await only.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('collapses and expands spans, and zooms with the minimap', async () => {
    await open(passwordTraceId(1));
    await page.getByRole('button', { name: 'Collapse all' }).click();
    await expect.poll(labels).toHaveLength(1);
    expect(parameter('closed')).toBe('all');
    await page.reload();
    await expect.poll(labels).toHaveLength(1);
    await page.getByRole('button', { name: 'Expand all' }).click();
    await expect.poll(labels).toHaveLength(7);
    const minimap = await page.locator('.minimap').boundingBox();
    if (minimap === null) throw new Error('no minimap');
    const y = minimap.y + 30;
    await page.mouse.move(minimap.x + minimap.width * 0.25, y);
    await page.mouse.down();
    await page.mouse.move(minimap.x + minimap.width * 0.75, y, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => parameter('zoom')).toMatch(/^2[45]\d{6}-7[45]\d{6}$/);
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    await expect.poll(() => parameter('zoom')).toBeNull();
  });

  it('has a flame graph with keyboard and mouse navigation', async () => {
    await open(passwordTraceId(2));
    await page.getByRole('button', { name: 'Flame graph' }).click();
    const flame = page.getByRole('application', { name: /Flame graph/ });
    await flame.focus();
    const announced = () => page.locator('#flame-span').textContent();
    await page.keyboard.press('ArrowDown');
    await expect.poll(announced).toBe('generator generator.generate, 100 ms, self time 40 ms, failed');
    await page.keyboard.press('ArrowDown');
    await expect.poll(announced).toContain('generator HTTP GET, 40 ms');
    await page.keyboard.press('Enter');
    await expect.poll(() => parameter('zoom')).toBe('10000000-50000000');
    await page.keyboard.press('0');
    await expect.poll(() => parameter('zoom')).toBeNull();
    await page.keyboard.press('+');
    await expect.poll(() => parameter('zoom')).not.toBeNull();
    await page.keyboard.press('0');
    await expect.poll(() => parameter('zoom')).toBeNull();
    await picture('flame-graph');
    // The root span is the box at the top, over the whole width.
    await flame.click({ position: { x: 400, y: 10 } });
    await expect.poll(() => parameter('span')).toBe('0000000000000001');
    await page.reload();
    await flame.waitFor();
    expect(parameter('view')).toBe('flame');
  });

  it('draws 50,000 spans as a flame graph', async () => {
    await open(largeTraceId, '?view=flame');
    await page.getByRole('application', { name: /Flame graph/ }).focus();
    const startedAt = performance.now();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.locator('#flame-span').textContent()).toContain('step 0');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await picture('large-flame-graph');
  });

  it('shows statistics per operation, sortable, with links to the spans', async () => {
    await open(passwordTraceId(2), '?view=operations');
    const table = page.getByRole('region', { name: 'Operations' });
    const rows = () => table.locator('tbody tr').allInnerTexts();
    await expect.poll(rows).toHaveLength(6);
    const names = async () => (await table.locator('tbody th').allInnerTexts()).map((text) => text.trim());
    expect((await names())[0]).toBe('generator generator.generate');
    await table.getByRole('button', { name: 'Spans' }).click();
    await expect.poll(async () => (await names())[0]).toBe('generator HTTP GET');
    expect(await table.locator('tbody tr').first().locator('td').allInnerTexts()).toEqual([
      '2',
      '1',
      '80 ms',
      '8 ms',
      '40 ms',
      '40 ms',
      '40 ms',
    ]);
    expect(parameter('sort')).toBe('-count');
    expect(await table.getByRole('columnheader', { name: 'Spans' }).getAttribute('aria-sort')).toBe('descending');
    await table.getByRole('button', { name: 'Operation', exact: true }).click();
    await expect.poll(async () => (await names())[0]).toBe('digit GET /');
    await picture('operations');
    await table.getByRole('button', { name: 'digit GET /' }).click();
    await expect.poll(labels).toHaveLength(5);
    await page.getByRole('group', { name: 'Show only' }).getByText('1 spans').waitFor();
    await page.goBack();
    await expect.poll(names).toHaveLength(6);
  });

  it('is compared with another trace', async () => {
    await open(passwordTraceId(1));
    await page.getByRole('button', { name: 'Compare…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Compare with another trace' });
    await dialog.getByRole('textbox').fill('none');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('textbox').fill(`${store.url}/trace/${passwordTraceId(2)}?span=1`);
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/compare/${passwordTraceId(1)}/${passwordTraceId(2)}`);
    await expect
      .poll(labels)
      .toEqual([
        'generator generator.generate A 100 ms B 100 ms 1 failed',
        'generator HTTP GET A 80 ms 2× B 80 ms 2× 1 failed',
        'lower GET / A 36 ms B 36 ms 1 failed',
        'lower HTTP GET +20 ms A 6 ms B 26 ms',
        'digit GET / A 4 ms B 4 ms',
        'upper GET / A 36 ms B 36 ms',
      ]);
    await picture('compare');
    await page.getByRole('tree').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(labels).toHaveLength(2);
    await page.keyboard.press('ArrowRight');
    await page.getByLabel('Only differences').check();
    await expect.poll(labels).toHaveLength(3);
    await page.getByRole('link', { name: 'Swap' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/compare/${passwordTraceId(2)}/${passwordTraceId(1)}`);
  });

  it('is exported as OTLP/JSON, and opened from the file without being stored', async () => {
    await open(passwordTraceId(2));
    const before = await labels();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'OTLP JSON' }).click();
    const file = await readFile(await (await download).path(), 'utf8');
    expect((await download).suggestedFilename()).toBe(`${passwordTraceId(2)}.otlp.json`);
    // Use another ID, so that the stored trace cannot be shown instead.
    const other = '9'.repeat(32);
    await drop(page, 'exported.json', file.replaceAll(passwordTraceId(2), other));
    await page.getByText('exported.json (not stored)').waitFor();
    expect(new URL(page.url()).pathname).toBe('/trace/file');
    await expect.poll(labels).toEqual(before);
    await page.getByText(other).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('LOWER char');
    await page.keyboard.press('Enter');
    await page.getByText('3 matches').waitFor();
    await page.getByRole('button', { name: 'Next match' }).click();
    await page.getByRole('complementary', { name: 'Span' }).getByText('pwlen').waitFor();
    const [stored] = await queryOnce<{ spans: number }>(
      console.databaseUrl,
      'SELECT count(*)::int AS spans FROM ps_trace.span WHERE trace_id = $1::uuid',
      [other],
    );
    expect(stored?.spans).toBe(0);
    await drop(page, 'picture.png', '\u0089PNG');
    await page.getByRole('alert').getByText('Cannot open picture.png').waitFor();
    await page.getByRole('alert').getByText('It is not JSON.').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Trace from a file' }).waitFor();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Open file…' }).click(),
    ]);
    await chooser.setFiles({ name: 'chosen.json', mimeType: 'application/json', buffer: Buffer.from(file) });
    await page.getByText('chosen.json (not stored)').waitFor();
  });

  it('is opened from the JSON of the Jaeger API as from the store', async () => {
    await open(passwordTraceId(2));
    const before = await labels();
    const response = await fetch(`${store.url}/jaeger/api/traces/${passwordTraceId(2)}`);
    const other = '8'.repeat(32);
    await drop(page, 'jaeger.json', (await response.text()).replaceAll(passwordTraceId(2), other));
    await page.getByText('jaeger.json (not stored)').waitFor();
    await page.getByText(other).waitFor();
    await expect.poll(labels).toEqual(before);
  });

  it('shows the elapsed time, and can be cancelled, in the database too', async () => {
    const locker = new pg.Client(console.databaseUrl);
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE tracestore.span IN ACCESS EXCLUSIVE MODE');
    try {
      await page.goto(`${store.url}/trace/${passwordTraceId(1)}`);
      const waiting = async (): Promise<number> => {
        const [row] = await queryOnce<{ count: number }>(
          console.databaseUrl,
          `SELECT count(*)::int AS count FROM pg_stat_activity
           WHERE application_name = 'tracestore query' AND datname = current_database()
             AND wait_event_type = 'Lock' AND query LIKE '%operation_position%'`,
        );
        return row?.count ?? 0;
      };
      await page.getByText(/Loading trace: \d\.\d s/).waitFor();
      await expect.poll(waiting).toBe(1);
      await picture('waiting');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled.').waitFor();
      await expect.poll(waiting).toBe(0);
    } finally {
      await locker.query('ROLLBACK');
      await locker.end();
    }
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect.poll(labels).toHaveLength(7);
  });

  it.each(['light', 'dark'] as const)('shows hostile data as text in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await open(hostileTraceId, `?span=${hostileSpanId}`);
    await page.getByText('a long value').first().waitFor();
    await page.locator('.span-panel details').evaluateAll((all) => {
      for (const each of all) each.setAttribute('open', '');
    });
    await page.getByText('x'.repeat(10_000)).first().waitFor();
    await picture(`hostile-${colorScheme}`);
    for (const view of ['flame', 'operations']) {
      await page.goto(`${store.url}/trace/${hostileTraceId}?view=${view}&span=${hostileSpanId}`);
      await page.getByText('a long value').first().waitFor();
    }
    await page.getByRole('region', { name: 'Operations' }).getByText(hostileText).first().waitFor();
    await page.goto(`${store.url}/compare/${hostileTraceId}/${hostileTraceId}`);
    await page.getByRole('treeitem').waitFor();
    await page.goto(`${store.url}/search?service=${encodeURIComponent(hostileText)}`);
    await page.locator('.result').getByText(hostileText).first().waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toBe('Search · Spandrel');
    // A link with hostile text works, and so does the page after it.
    await page.locator('.result').getByRole('link').click();
    await page.getByRole('treeitem').click();
    expect(await page.getByRole('heading', { level: 2 }).textContent()).toContain(hostileText);
    expect(await page.title()).toBe('Trace dddddddd · Spandrel');
  });

  it('fits the screen of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    for (const address of [
      `trace/${passwordTraceId(2)}?span=0000000000000002`,
      `trace/${passwordTraceId(2)}?view=flame`,
    ]) {
      await page.goto(`${store.url}/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
      await picture(`phone-${address.includes('flame') ? 'flame-graph' : 'trace'}`);
    }
  });

  it('shows an error if the trace does not exist', async () => {
    await page.goto(`${store.url}/trace/${'e'.repeat(32)}`);
    await page.getByRole('alert').getByText('Trace not found').waitFor();
    await page.goto(`${store.url}/compare/${'e'.repeat(32)}/${passwordTraceId(1)}`);
    await page.getByRole('alert').getByText('Trace not found').waitFor();
    // The browser logs each 404.
    expect(watched.pageErrors.every((message) => message.includes('404'))).toBe(true);
    watched.pageErrors.length = 0;
  });
});

/** Drop a file onto the page. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  const file = `new File([${JSON.stringify(content)}], ${JSON.stringify(name)})`;
  const dataTransfer = await page.evaluateHandle(
    `(() => { const data = new DataTransfer(); data.items.add(${file}); return data; })()`,
  );
  await page.dispatchEvent('main', 'dragover', { dataTransfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer });
}
