import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attribute, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

const startMs = Date.now() - 600_000;
const orders = 300;
const hostile = `<b onclick="x">"south" & 'west'</b>`;

let console: ConsoleUnderTest;
let watched: WatchedPage;

/** One of five orders fails: those of a region, with large carts. */
function orderSpan(n: number): SpanInit {
  const isFailed = n % 5 === 0;
  const start = BigInt(startMs + n * 1_000) * 1_000_000n;
  return {
    traceId: hexBytes(`d1ff${n.toString(16).padStart(28, '0')}`),
    spanId: hexBytes('000000000000d1ff'),
    name: n % 3 === 0 ? 'GET /cart' : 'POST /order',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(20 + (n % 7)) * 1_000_000n,
    ...(isFailed ? { status: { code: 2 } } : {}),
    attributes: [
      text('customer.region', isFailed ? hostile : `region-${n % 4}`),
      text('request.id', `id-${n}`),
      attribute('cart.bytes', { case: 'intValue', value: BigInt(isFailed ? 5_000 + n : 100 + n) }),
    ],
    events: isFailed ? [{ name: 'exception', attributes: [text('exception.type', 'StockTimeout')] }] : [],
  };
}

describe.skipIf(!hasChromium)('the page of differences', () => {
  beforeAll(async () => {
    console = await startConsole();
    await console.send([{ service: 'orders', spans: Array.from({ length: orders }, (_, n) => orderSpan(n)) }]);
    watched = await console.openPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  });

  afterAll(async () => {
    try {
      await watched.close();
    } finally {
      await console.stop();
    }
  });

  const table = () => watched.page.getByRole('table', { name: 'Differences' });
  const groups = () => watched.page.getByRole('table', { name: 'Groups' });
  const parameters = (): URLSearchParams => new URL(watched.page.url()).searchParams;
  const picture = (name: string) =>
    watched.page.screenshot({ path: path.join(picturesFolder, `differences-${name}.png`), fullPage: true });

  it('opens from a search, shows both shares, and a value leads to its traces', async () => {
    const { page } = watched;
    await page.goto(`${console.store.url}/search?service=orders`);
    await page
      .getByRole('navigation', { name: 'What is different?' })
      .getByRole('link', { name: 'Failed traces' })
      .click();
    await table().waitFor();
    expect(new URL(page.url()).pathname).toBe('/differences');
    const row = table().getByRole('row').filter({ hasText: hostile });
    expect(await row.allInnerTexts()).toEqual([expect.stringMatching(/100 %\s+60\/60\s+0 %\s+0\/240/)]);
    const keys = await table().locator('tbody td:first-child').allInnerTexts();
    expect(keys.join(' ')).toContain('exception.type event');
    // Ids differ in every trace, and do not appear.
    expect(keys.join(' ')).not.toContain('request.id');
    // The status is the selection itself.
    expect(keys).not.toContain('status');
    expect(await page.getByRole('region', { name: 'Differences' }).getByRole('status').textContent()).toBe(
      '60 selected, 240 others',
    );
    await picture('light');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await accessibilityViolations(page)).toEqual([]);
    await picture('dark');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await picture('phone');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    // Both shares are in sight.
    const shares = await table().getByRole('row').nth(1).locator('.difference-share').last().boundingBox();
    expect((shares?.x ?? 0) + (shares?.width ?? Infinity)).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('link', { name: hostile }).click();
    await page.locator('a[href^="/trace/"]').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/search');
    expect([parameters().get('service'), parameters().get('status'), parameters().get('attribute')]).toEqual([
      'orders',
      'error',
      `customer.region=${hostile}`,
    ]);
  });

  it('compares by duration, by attribute, and says when nothing is selected', async () => {
    const { page } = watched;
    await page.goto(`${console.store.url}/differences?service=orders`);
    await page.getByRole('button', { name: 'Duration and time' }).click();
    await page.getByLabel('Min duration').fill('soon');
    await page.getByRole('button', { name: 'Compare' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('got soon');
    await page.getByLabel('Min duration').fill('1 h');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('No traces are selected.').waitFor();
    await page.getByRole('button', { name: 'Attribute' }).click();
    await page.getByLabel('Attribute').fill('cart.bytes>4999');
    await page.keyboard.press('Enter');
    await table().waitFor();
    expect(parameters().get('condition')).toBe('cart.bytes>4999');
    await page.goBack();
    await page.getByText('No traces are selected.').waitFor();
  });

  it('groups spans by an attribute, and a value leads to its traces', async () => {
    const { page } = watched;
    await page.goto(`${console.store.url}/differences?service=orders`);
    await groups().waitFor();
    expect(await groups().getByRole('row').nth(1).innerText()).toMatch(/orders\s+300\s+60\s+20 %/);
    await page.getByRole('combobox', { name: 'Group by' }).fill('request.id');
    await page.keyboard.press('Enter');
    await groups().getByText('250 others').waitFor();
    expect(await groups().getByRole('row').count()).toBe(52);
    await page.getByRole('combobox', { name: 'Group by' }).fill('customer.region');
    await page.keyboard.press('Enter');
    const row = groups().getByRole('row').filter({ hasText: hostile });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/\s60\s+60\s+100 %/);
    await row.getByRole('link', { name: `What is different about ${hostile}?` }).click();
    await expect.poll(() => parameters().get('condition')).toBe(`customer.region=${hostile}`);
    await groups().getByRole('link', { name: 'orders' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/search');
  });
});
