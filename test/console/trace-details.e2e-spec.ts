import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';
import {
  busyEvents,
  longName,
  orderSpanIds,
  orderSpans,
  orderStatement,
  orderTraceId,
  shipmentTraceId,
} from './order-spans.js';

const startMs = Date.now() - 300_000;
const patterns = [
  { attribute: 'order.number', title: 'Runbook', url: 'https://wiki.example/orders?number={value}' },
  { title: 'Logs', url: 'https://logs.example/{service}?trace={traceId}' },
];

/** As the API has them. */
const manyProblems = (['no_root', 'repeated_calls'] as const).map((kind) => ({
  kind,
  severity: 'warning',
  message: 'A description of the problem that is longer than the space that a line of a phone has for it',
  spanCount: 3,
  amount: 3,
  unit: 'count',
  services: [],
  spanIds: [],
  receivedS: kind === 'no_root' ? 7 : null,
}));

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the details of a trace', () => {
  beforeAll(async () => {
    console = await startConsole({ TRACESTORE_LINK_PATTERNS: JSON.stringify(patterns) });
    await sendPasswordTraces(console.store, startMs);
    await console.send(orderSpans(startMs));
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

  const open = async (query = '', traceId = orderTraceId): Promise<void> => {
    await page.goto(`${console.store.url}/trace/${traceId}${query}`);
    await page.getByRole('treeitem').first().waitFor();
  };
  const parameter = (name: string): string | null => new URL(page.url()).searchParams.get(name);
  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });
  const panel = () => page.getByRole('complementary', { name: 'Span' });
  const heightOf = async (selector: string): Promise<number> =>
    (await page.locator(selector).boundingBox())?.height ?? 0;

  it('have columns that are resized by keys and by dragging, and remembered', async () => {
    await open(`?span=${orderSpanIds.query}`);
    const separator = page.getByRole('separator', { name: 'Width of the names' });
    const before = Number(await separator.getAttribute('aria-valuenow'));
    await separator.focus();
    await page.keyboard.press('ArrowRight');
    expect(Number(await separator.getAttribute('aria-valuenow'))).toBe(before + 2);
    await page.keyboard.press('Home');
    expect(await separator.getAttribute('aria-valuenow')).toBe(await separator.getAttribute('aria-valuemin'));
    const box = await separator.boundingBox();
    if (box === null) throw new Error('no separator');
    await page.mouse.move(box.x + 4, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 204, box.y + 200, { steps: 4 });
    await page.mouse.up();
    const dragged = Number(await separator.getAttribute('aria-valuenow'));
    expect(dragged).toBeGreaterThan(20);
    const ofPanel = page.getByRole('separator', { name: 'Width of the span panel' });
    await ofPanel.focus();
    await page.keyboard.press('ArrowLeft');
    const widened = await ofPanel.getAttribute('aria-valuenow');
    await page.reload();
    await page.getByRole('treeitem').first().waitFor();
    expect(Number(await separator.getAttribute('aria-valuenow'))).toBe(dragged);
    expect(await ofPanel.getAttribute('aria-valuenow')).toBe(widened);
  });

  it('show long and empty names, and no label over a bar', async () => {
    await open();
    const name = page.getByRole('treeitem').first().locator('.span-name');
    expect(await name.getAttribute('title')).toBe(`shop: ${longName}`);
    const isCut = await name
      .locator('bdi')
      .last()
      .evaluate((element) => {
        const textOverflow = element.ownerDocument.defaultView?.getComputedStyle(element).textOverflow;
        return textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth;
      });
    expect(isCut).toBe(true);
    const lineHeight = await page
      .locator('h1')
      .evaluate((h1) => Number.parseFloat(h1.ownerDocument.defaultView?.getComputedStyle(h1).lineHeight ?? ''));
    expect(await heightOf('h1')).toBeLessThanOrEqual(2 * lineHeight + 1);
    expect(await page.getByRole('treeitem', { name: '(no name)' }).count()).toBe(1);
    // The label of the root, whose bar has the full width, is after the bar.
    const root = page.getByRole('treeitem').first();
    const [bar, label] = [await root.locator('.bar').boundingBox(), await root.locator('.took').boundingBox()];
    expect(label?.x).toBeGreaterThanOrEqual((bar?.x ?? Infinity) + (bar?.width ?? 0) - 1);
    const time = await root.boundingBox();
    expect((label?.x ?? 0) + (label?.width ?? 0)).toBeLessThanOrEqual((time?.x ?? 0) + (time?.width ?? 0));
    await picture('trace-names');
  });

  it('mark events on bars, and point to bars outside the zoomed range', async () => {
    await open('?zoom=0-50000000');
    const rows = page.getByRole('treeitem');
    expect(await rows.first().locator('.event-mark').getAttribute('title')).toBe('Event accepted at 20 ms');
    const later = rows.nth(1).locator('.elsewhere');
    expect(await later.textContent()).toBe('50 ms later →');
    await later.click();
    await expect.poll(() => parameter('zoom')).toBe('95000000-145000000');
    await rows.nth(1).locator('.bar').waitFor();
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    // The first 20 of 500 events, and the exception.
    await expect.poll(() => rows.nth(4).locator('.event-mark').count()).toBe(21);
  });

  it('list all events in the order of time', async () => {
    await page.goto(`${console.store.url}/trace/${orderTraceId}?view=events`);
    await page.getByText(`${busyEvents + 1} events in the order of time`).waitFor();
    const list = page.getByRole('region', { name: 'Events', exact: true });
    expect(await list.getByRole('listitem').first().textContent()).toContain('20 ms');
    expect(await list.getByRole('listitem').count()).toBeLessThan(100);
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const last = list.getByRole('button', { name: /^950 ms .*tick/ });
    await last.waitFor();
    await last.click();
    await expect.poll(() => parameter('span')).toBe(orderSpanIds.busy);
    await picture('trace-events');
  });

  it('show 500 events of a span in a list of bounded height', async () => {
    await open(`?span=${orderSpanIds.busy}`);
    const list = panel().getByRole('region', { name: 'Events of the span' });
    await list.getByRole('button', { name: /tick/ }).first().click();
    await list.locator('.pairs').waitFor();
    expect(await page.locator('.span-panel').evaluate((element) => element.scrollHeight)).toBeLessThan(3_000);
    // The exception among them is shown separately, too.
    await panel().getByRole('region', { name: 'Exception' }).waitFor();
  });

  it('sort, group, filter and pin attributes', async () => {
    await open(`?span=${orderSpanIds.root}`);
    await panel().getByText('item.29', { exact: true }).waitFor();
    const keys = () => panel().locator('.attribute-group dt').allInnerTexts();
    const items = (await keys()).filter((key) => key.startsWith('item.'));
    expect(items).toEqual(Array.from({ length: 30 }, (_, n) => `item.${n}`));
    expect(await panel().getByRole('heading', { level: 3 }).allInnerTexts()).toEqual(
      expect.arrayContaining(['item 30', 'order 3']),
    );
    await panel().getByRole('searchbox', { name: 'Filter attributes' }).fill('THING 7');
    await expect.poll(keys).toEqual(['item.7']);
    await panel().getByRole('button', { name: 'Pin item.7' }).click();
    await panel().getByRole('searchbox', { name: 'Filter attributes' }).fill('');
    await expect.poll(async () => (await keys())[0]).toBe('item.7');
    await page.reload();
    await panel().getByText('item.29', { exact: true }).waitFor();
    expect((await keys())[0]).toBe('item.7');
  });

  it('format values: JSON, SQL, addresses, large numbers and long texts', async () => {
    await open(`?span=${orderSpanIds.root}`);
    await panel().getByText('order.body', { exact: true }).waitFor();
    const value = (key: string) =>
      panel()
        .locator('.pairs > div', { has: page.getByText(key, { exact: true }) })
        .last()
        .locator('.pair-value');
    expect(await value('order.body').innerText()).toBe(
      '{\n  "items": [{"sku": "shoe-1", "count": 2}],\n  "note": "gift wrap, please",\n  "express": true\n}',
    );
    expect(await value('order.number').innerText()).toContain('9007199254740993');
    expect(await value('order.number').innerText()).not.toContain('"');
    const link = value('url.full').getByRole('link');
    expect([await link.getAttribute('href'), await link.getAttribute('rel')]).toEqual([
      'https://shop.example/orders?id=7',
      'noopener noreferrer',
    ]);
    expect(await value('unsafe').getByRole('link').count()).toBe(0);
    const weight = await value('note')
      .locator('summary')
      .evaluate((summary) => summary.ownerDocument.defaultView?.getComputedStyle(summary).fontWeight);
    expect(weight).toBe('400');
    const [searchTags, searchNote] = await Promise.all(
      ['order.tags', 'note'].map((key) =>
        panel()
          .getByRole('link', { name: `Search for spans with this ${key}` })
          .getAttribute('href'),
      ),
    );
    expect(new URLSearchParams(searchTags?.split('?')[1]).get('attribute')).toBe('order.tags=["red","large"]');
    expect(new URLSearchParams(searchNote?.split('?')[1]).get('attribute')).toMatch(/^note~a long note /);
    await picture('trace-attributes');
    await page.getByRole('treeitem', { name: /SELECT orders/ }).click();
    await expect
      .poll(() => value('db.query.text').innerText())
      .toMatch(/^SELECT o\.id, o\.total, c\.name\nFROM orders o\nJOIN customers c\n/);
    expect(await value('db.query.text').locator('.code-keyword').first().innerText()).toBe('SELECT');
    expect((await value('db.query.text').innerText()).replaceAll(/\s+/g, ' ')).toBe(orderStatement);
    await picture('trace-sql');
    // Other spans with the list, and with the long text.
    for (const address of [searchTags, searchNote]) {
      await page.goto(`${console.store.url}${address}`);
      await page.getByRole('link', { name: /POST \/shops/ }).waitFor();
    }
  });

  it('link attributes and spans to other tools, as configured', async () => {
    await open(`?span=${orderSpanIds.root}`);
    const hrefOf = (name: RegExp) => panel().getByRole('link', { name }).getAttribute('href');
    expect(await hrefOf(/^Runbook/)).toBe('https://wiki.example/orders?number=9007199254740993');
    expect(await hrefOf(/^Logs/)).toBe(`https://logs.example/shop?trace=${orderTraceId}`);
  });

  it('link producer and consumer in both directions', async () => {
    await open(`?span=${orderSpanIds.publish}`);
    await panel().getByText('Linked from').waitFor();
    await panel()
      .getByRole('link', { name: /shipping: orders process/ })
      .click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/trace/${shipmentTraceId}`);
    expect(parameter('span')).toBe(orderSpanIds.process);
    await panel()
      .getByRole('link', { name: /shop: orders publish/ })
      .click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/trace/${orderTraceId}`);
    expect(parameter('span')).toBe(orderSpanIds.publish);
  });

  it('find the first match at once, and the next ones with Enter in the box', async () => {
    await open();
    const box = page.getByRole('searchbox', { name: 'Find in this trace' });
    await box.fill('orders');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 3 matches').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('2 of 3 matches').waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.getByText('1 of 3 matches').waitFor();
    expect(await box.evaluate((element) => element.matches(':focus'))).toBe(true);
  });

  it('filter spans by attribute, duration, kind and critical path', async () => {
    await open();
    const only = page.getByRole('group', { name: 'Show only' });
    await page.getByText('Filter spans').click();
    await page.getByRole('textbox', { name: 'Attribute' }).fill('db.system.name=postgresql');
    await page.keyboard.press('Enter');
    await only.getByText('1 spans').waitFor();
    expect(parameter('attribute')).toBe('db.system.name=postgresql');
    await only.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText('Filter spans').click();
    await page.getByRole('textbox', { name: 'Lasts at least' }).fill('2');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('must be a number with a unit').waitFor();
    await page.getByRole('textbox', { name: 'Lasts at least' }).fill('150ms');
    await page.getByRole('textbox', { name: 'at most' }).fill('1s');
    await page.keyboard.press('Enter');
    await only.getByText('3 spans').waitFor();
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('client');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await only.getByText('1 spans').waitFor();
    await page.goto(`${console.store.url}/trace/${passwordTraceId(1)}?critical=1`);
    await only.getByText('3 spans').waitFor();
  });

  it('need no wide button to open a file, and no footer', async () => {
    await open();
    expect(await page.getByRole('contentinfo').count()).toBe(0);
    await page.goto(`${console.store.url}/trace/file`);
    const button = await page.getByRole('main').getByRole('button', { name: /Open/ }).first().boundingBox();
    expect(button?.width).toBeLessThan(300);
  });

  it('explain keys and marks', async () => {
    await open();
    await page.locator('h1').click();
    await page.keyboard.press('?');
    const sheet = page.getByRole('dialog', { name: 'Keys' });
    expect(await sheet.getByText('critical path').isVisible()).toBe(true);
    const rows = await sheet.locator('.keys > div').allInnerTexts();
    expect(rows.map((row) => row.replaceAll(/\s+/g, ' '))).toContain('[ ] Previous and next trace of the search');
    await picture('trace-keys');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'hidden' });
  });

  it.each(['light', 'dark'] as const)('fit a phone in the %s theme: a tap opens a sheet', async (colorScheme) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Problems are found after the trace is shown. A trace that is still arriving has the most lines.
    await page.route('**/problems', (route) => route.fulfill({ json: { problems: manyProblems } }));
    await open();
    await page.getByText('Still arriving: newest span 7 s ago.').waitFor();
    await page.getByText('2 problems').waitFor();
    expect(await heightOf('.trace-head')).toBeLessThan(844 / 3);
    await page.unroute('**/problems');
    // The texts of the time axis do not overlap.
    const boxes = await page
      .locator('.waterfall-ticks > div > span:visible')
      .evaluateAll((all) =>
        all.map((each) => each.getBoundingClientRect()).map(({ left, right }) => [left, right] as const),
      );
    for (const [n, [left]] of boxes.entries()) expect(left).toBeGreaterThan(boxes[n - 1]?.[1] ?? -1);
    expect(boxes.at(-1)?.[1]).toBeLessThanOrEqual(390);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    await picture(`phone-waterfall-${colorScheme}`);
    await page.getByRole('treeitem', { name: /SELECT orders/ }).click();
    const sheet = page.getByRole('dialog', { name: 'Span' });
    await sheet.getByText('db.query.text').waitFor();
    const top = (await sheet.boundingBox())?.y ?? Infinity;
    expect(top).toBeLessThan(844 / 2);
    expect(await sheet.evaluate((element) => element.matches(':focus-within'))).toBe(true);
    await page.waitForLoadState('networkidle');
    await picture(`phone-sheet-${colorScheme}`);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'hidden' });
    expect(parameter('span')).toBeNull();
    await page.getByRole('treeitem', { name: /SELECT orders/ }).click();
    await sheet.getByRole('button', { name: 'Close span details' }).click();
    await sheet.waitFor({ state: 'hidden' });
    await page.goto(`${console.store.url}/compare/${passwordTraceId(1)}/${passwordTraceId(2)}`);
    await page.getByRole('treeitem').first().waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    expect(await heightOf('.compare-facts tbody tr:first-child')).toBeLessThan(40);
    expect(await page.getByText('+20 ms').isVisible()).toBe(true);
    await picture(`phone-compare-${colorScheme}`);
  });
});
