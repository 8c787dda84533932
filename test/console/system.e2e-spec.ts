import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

const token = 'a-token-of-24-letters-or-more';
const startMs = Date.now() - 120_000;

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the console of a store with a token', () => {
  beforeAll(async () => {
    console = await startConsole({ TRACESTORE_CONSOLE_TOKEN: token });
    await sendPasswordTraces(console.store, startMs);
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

  const signIn = async (secret: string): Promise<void> => {
    await page.getByLabel('Token').fill(secret);
    await page.keyboard.press('Enter');
  };

  const openSystem = async (): Promise<void> => {
    await page.goto(`${console.store.url}/system`);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
  };

  it('shows problems and warnings, with a statement that fixes them', async () => {
    const statement = 'GRANT ps_trace_reader TO "tracestore" WITH SET TRUE, INHERIT FALSE;';
    await page.route('**/api/system', async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        json: {
          ...((await response.json()) as object),
          problems: [{ code: 'disk-full', message: 'The database is out of disk space' }],
          warnings: [{ code: 'reader-role', message: 'The SQL page cannot be used', statement }],
        },
      });
    });
    await openSystem();
    await page.getByRole('region', { name: 'Problems' }).getByText('The database is out of disk space').waitFor();
    const warnings = page.getByRole('region', { name: 'Warnings' });
    await warnings.getByText(statement, { exact: true }).waitFor();
    await warnings.getByRole('button', { name: 'Copy statement' }).waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'system-warnings.png') });
    expect(await accessibilityViolations(page)).toEqual([]);
    // The page polls; a request must not be in the handler when the page is closed.
    await page.unrouteAll({ behavior: 'wait' });
  });

  it('signs in with the token, opens the requested page, and signs out', async () => {
    await page.goto(`${console.store.url}/system`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'sign-in.png') });
    await signIn('not-the-token-of-this-store');
    await page.getByRole('alert').getByText('Wrong token').waitFor();
    expect(watched.pageErrors.splice(0).every((message) => message.includes('401'))).toBe(true);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/system');
    await page.reload();
    await page.getByRole('heading', { name: 'System' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('shows the sign-in form when the session has ended', async () => {
    await openSystem();
    await page.context().clearCookies();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(watched.pageErrors.splice(0).every((message) => message.includes('401'))).toBe(true);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('shows the status of the store in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    // The page reads the traffic every thirty seconds: it must be there at the first time.
    await aggregated();
    await openSystem();
    const card = (name: string) => page.getByRole('region', { name });
    await card('Database').getByText('native partitions').or(page.getByText('hypertables')).waitFor();
    await card('Accepted and rejected').getByText('14').waitFor();
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    await card('Partitions').getByRole('row').nth(3).waitFor();
    expect(await page.getByText('Aggregation lag').count()).toBe(1);
    await page.getByRole('table', { name: 'Spans by service' }).getByRole('link', { name: 'generator' }).waitFor();
    expect(await page.getByRole('slider', { name: 'Spans per second' }).count()).toBe(1);
    await card('Growth').getByText('An estimate needs a complete partition').waitFor();
    await page.screenshot({ path: path.join(picturesFolder, `system-${colorScheme}.png`) });
  });

  it('updates the counters, and shows rejected spans with their reason', async () => {
    await openSystem();
    const card = page.getByRole('region', { name: 'Accepted and rejected' });
    await card.getByText('No rejections.').waitFor();
    const bad = { traceId: new Uint8Array(3), spanId: new Uint8Array(8), name: 'bad' };
    await console.send([{ service: 'bad', spans: [bad, bad] }]).catch(() => undefined);
    await card.getByText(/^Spans rejected: /).waitFor();
    await card.locator('.bad').getByText('2', { exact: true }).waitFor();
    await console.send([{ service: 'good', spans: [{ ...goodSpan() }] }]);
    await expect.poll(() => card.getByText('15').count()).toBe(1);
  });

  it('changes the retention after a confirmation', async () => {
    await openSystem();
    const card = page.getByRole('region', { name: 'Retention' });
    await card.getByText('from the configuration').waitFor();
    await card.getByRole('spinbutton', { name: 'Days' }).fill('20');
    await card.getByRole('button', { name: 'Change…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Keep spans for 20 days?' });
    await dialog.getByText(/^No partition is older|deleted permanently/).waitFor();
    await dialog.getByText('Nothing is deleted for 24 hours.').waitFor();
    const styleOf = "getComputedStyle(document.querySelector('dialog[open] .danger')).backgroundColor";
    expect(await page.evaluate<string>(styleOf)).toBe('rgb(180, 35, 24)');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await card.getByText('30 days', { exact: true }).count()).toBe(1);
    await card.getByRole('button', { name: 'Change…' }).click();
    await page.screenshot({ path: path.join(picturesFolder, 'system-retention.png') });
    await dialog.getByRole('button', { name: 'Delete older spans' }).click();
    await card.getByText('20 days', { exact: true }).waitFor();
    await card.getByText('set here or in SQL').waitFor();
    // The lifecycle stops before it deletes. It reads the retention every ten seconds.
    const waiting = card.getByRole('group', { name: 'Retention that waits' });
    await waiting.getByText(/A retention of 20 days waits: .* in (?:1 d|23 h \d+ min)\./).waitFor({ timeout: 60_000 });
    await waiting.getByRole('button', { name: 'Delete now…' }).click();
    const now = page.getByRole('dialog', { name: /^Delete .*spans.* older than 20 days now\?/ });
    await now.getByText('cannot be undone').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.screenshot({ path: path.join(picturesFolder, 'system-confirm.png') });
    await now.getByRole('button', { name: 'Delete now' }).click();
    await waiting.waitFor({ state: 'detached' });
    await card.getByRole('button', { name: 'Reset to configuration' }).click();
    await expect.poll(() => card.getByText('30 days', { exact: true }).count()).toBe(1);
  });

  it.each(['light', 'dark'] as const)('is accessible in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${console.store.url}/system`);
    await page.getByLabel('Token').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await signIn(token);
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('fits the screen of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await openSystem();
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.screenshot({ path: path.join(picturesFolder, 'system-phone.png') });
  });

  it('has an API reference with requests that can be tried out', async () => {
    await openSystem();
    await page.getByRole('contentinfo').getByRole('link', { name: 'API', exact: true }).click();
    await page.getByRole('button', { name: 'GET /api/services', exact: true }).click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    const answer = page.locator('.live-responses-table');
    await answer.waitFor();
    expect(await answer.innerText()).toContain('"generator"');
    await page.screenshot({ path: path.join(picturesFolder, 'api.png') });
  });
});

/** Wait until the aggregates have the spans. The aggregation runs every ten seconds. */
async function aggregated(): Promise<void> {
  await vi.waitFor(
    async () => {
      const response = await fetch(`${console.store.url}/api/system/traffic`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { services } = (await response.json()) as { readonly services: readonly unknown[] };
      expect(services.length).toBeGreaterThan(0);
    },
    { timeout: 60_000, interval: 500 },
  );
}

function goodSpan() {
  const startTimeUnixNano = BigInt(startMs) * 1_000_000n;
  return {
    traceId: new Uint8Array(16).fill(9),
    spanId: new Uint8Array(8).fill(9),
    name: 'good',
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 1_000n,
  };
}
