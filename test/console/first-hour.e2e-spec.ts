import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

const startMs = Date.now() - 300_000;
const phone = { width: 390, height: 844 };
const desktop = { width: 1440, height: 900 };
/** Half an hour off from UTC, so that local times differ from UTC on every machine. */
const local = { timezoneId: 'Asia/Kolkata', aheadMs: 5.5 * 3_600_000 };

let console: ConsoleUnderTest;
let watched: WatchedPage;
let page: Page;

describe.skipIf(!hasChromium)('the console in the first hour and in an outage', () => {
  beforeAll(async () => {
    console = await startConsole();
    watched = await console.openPage({ viewport: desktop, colorScheme: 'light', timezoneId: local.timezoneId });
    ({ page } = watched);
  });

  afterAll(async () => {
    // Chromium reports every request that fails in the outage, and the style sheet.
    watched.pageErrors.splice(0);
    await watched.close();
    await console.stop();
  });

  const picture = (name: string) => page.screenshot({ path: path.join(picturesFolder, `${name}.png`) });
  const httpPort = (): string => new URL(console.store.tracesUrl).port;

  it('shows the real ports of an empty store, with a snippet for each language', async () => {
    await page.goto(console.store.url);
    await page.getByRole('heading', { name: 'No traces received yet' }).waitFor();
    const snippet = page.getByRole('region', { name: /^Snippet for/ });
    expect(await snippet.textContent()).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${httpPort()}\n`);
    expect(await page.locator('.connect').textContent()).toContain(`http://${console.store.grpcAddress}`);
    await picture('first-hour-overview');
    await page.goto(`${console.store.url}/connect`);
    for (const language of ['Node.js', 'Python', 'Java', 'Go', 'Collector']) {
      await page.getByRole('radio', { name: language }).check();
      expect(await page.getByRole('region', { name: `Snippet for ${language}` }).textContent()).toContain(
        `http://127.0.0.1:${httpPort()}`,
      );
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize(phone);
    await picture('connect-phone-dark');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(phone.width);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(desktop);
  });

  it('keeps what it shows in an outage, says since when, and recovers', async () => {
    await sendPasswordTraces(console.store, startMs);
    await page.goto(`${console.store.url}/?refresh=5s`);
    const row = page.getByRole('table', { name: 'Services' }).locator('tbody tr').first();
    await row.waitFor({ timeout: 60_000 });
    const total = page.locator('.total strong').first();
    await expect.poll(() => total.textContent()).not.toBe('–');
    const before = await total.textContent();
    let hasFailed = false;
    await page.route(/\/(?:api|assets)\//, (route) => {
      hasFailed = true;
      return route.abort();
    });
    const notice = page.getByRole('status').filter({ hasText: 'tracestore is not reachable' });
    await notice.waitFor({ timeout: 30_000 });
    expect(hasFailed).toBe(true);
    expect(await notice.textContent()).toMatch(
      /^Data stale since \d\d:\d\d:\d\d; tracestore is not reachable\. Retrying…/,
    );
    // Longer than a refresh: its queries are asked with other times.
    await page.waitForTimeout(6_000);
    expect(await row.isVisible()).toBe(true);
    expect(await total.textContent()).toBe(before);
    expect(await page.getByRole('alert').count()).toBe(0);
    await picture('outage-overview');

    // The code of a page that was not opened before.
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'tracestore is not reachable' }).waitFor();
    await picture('outage-page-code');
    await page.unroute(/\/(?:api|assets)\//);
    await page.getByRole('heading', { level: 1, name: 'System' }).waitFor({ timeout: 30_000 });
    await expect.poll(() => page.locator('.connection-notice').count(), { timeout: 30_000 }).toBe(0);
    const styles = await page.evaluate('[...document.styleSheets].map(({ href }) => href ?? "")');
    expect(JSON.stringify(styles)).toContain('system-page');
  });

  it('says that the database is away, and recovers', async () => {
    await page.goto(`${console.store.url}/search`);
    await page.locator('.result').first().waitFor();
    const problem = { type: 'urn:spandrel:problem:unavailable', title: 'The database is not available', status: 503 };
    const answer = { status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) };
    await page.route(/\/api\//, (route) => route.fulfill(answer));
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('tracestore does not reach its database').waitFor();
    await page.unroute(/\/api\//);
    await page.getByRole('table', { name: 'Services' }).locator('tbody tr').first().waitFor({ timeout: 30_000 });
    await expect.poll(() => page.locator('.connection-notice').count(), { timeout: 30_000 }).toBe(0);
  });

  it('shows all times in UTC if selected, and remembers it', async () => {
    await page.goto(`${console.store.url}/search`);
    const time = page.locator('.results time').first();
    expect(await time.textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    const minuteOf = (ms: number): string =>
      new Date(ms).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ');
    await page
      .locator('.results time')
      .filter({ hasText: minuteOf(startMs + local.aheadMs) })
      .first()
      .waitFor();
    await page.getByRole('combobox', { name: 'Time zone' }).selectOption('utc');
    const utc = minuteOf(startMs);
    await page.locator('.results time').filter({ hasText: utc }).first().waitFor();
    await page.reload();
    await page.locator('.results time').filter({ hasText: utc }).first().waitFor();
    expect(await page.getByRole('combobox', { name: 'Time zone' }).inputValue()).toBe('utc');
    await page.getByRole('combobox', { name: 'Time zone' }).selectOption('local');
  });

  it.each(['/nowhere', '/trace', '/dashboards/x/y', '/search/x', '/a%20b/c.html', '/api-docs'])(
    'shows its own page for the unknown address %s',
    async (address) => {
      await page.goto(`${console.store.url}${address}`);
      await page.getByRole('heading', { name: 'Page not found' }).waitFor();
      expect(await page.getByRole('link', { name: 'Overview' }).count()).toBeGreaterThan(0);
    },
  );

  it('fits a phone, with targets that a finger hits', async () => {
    await page.setViewportSize(phone);
    for (const address of ['/', '/system', '/sql', '/connect']) {
      await page.goto(`${console.store.url}${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      await picture(`phone${address.replace('/', '-')}`);
      expect(await page.evaluate('document.documentElement.scrollWidth'), address).toBeLessThanOrEqual(phone.width);
      const small = await page.evaluate<
        readonly string[]
      >(`[...document.querySelectorAll('header button, header select, header a, main button, main select, main input:not([type=radio]):not([type=checkbox]), footer a')]
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([element, { width, height }]) => width > 0 && (width < 24 || height < 24))
        .map(([element, { width, height }]) => element.outerHTML.slice(0, 80) + ' ' + width + ' x ' + height)`);
      expect(small, address).toEqual([]);
    }
  });
});
