import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';
import { graveViolations } from './grave-violations.js';

const token = 'a-token-of-24-letters-or-more';
const startMs = Date.now() - 120_000;

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the console of a store that asks for a token', () => {
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

  const signIn = async (given: string): Promise<void> => {
    await page.getByLabel('Token').fill(given);
    await page.keyboard.press('Enter');
  };

  const openSystem = async (): Promise<void> => {
    await page.goto(`${console.store.url}/system`);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
  };

  it('shows what is wrong with the database, and the statement that mends it', async () => {
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
    await warnings.getByRole('button', { name: 'Copy the statement' }).waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'system-warnings.png') });
    expect(await graveViolations(page)).toEqual([]);
  });

  it('lets in whoever has it, to the page that was asked for, and out again', async () => {
    await page.goto(`${console.store.url}/system`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'sign-in.png') });
    await signIn('not-the-token-of-this-store');
    await page.getByRole('alert').getByText('The token is wrong').waitFor();
    expect(watched.complaints.splice(0).every((complaint) => complaint.includes('401'))).toBe(true);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/system');
    await page.reload();
    await page.getByRole('heading', { name: 'System' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('asks for it again when the session has ended meanwhile', async () => {
    await openSystem();
    await page.context().clearCookies();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(watched.complaints.splice(0).every((complaint) => complaint.includes('401'))).toBe(true);
    await signIn(token);
    await page.getByRole('heading', { name: 'System' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('shows how the store does, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await openSystem();
    const card = (name: string) => page.getByRole('region', { name });
    await card('What the database can do').getByText('native partitions').or(page.getByText('hypertables')).waitFor();
    await card('Taken and refused').getByText('14').waitFor();
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    await card('Parts in which spans are kept').getByRole('row').nth(3).waitFor();
    expect(await page.getByText('Figures of calls behind').count()).toBe(1);
    await page.screenshot({ path: path.join(picturesFolder, `system-${colorScheme}.png`) });
  });

  it('counts what comes in while one looks, and says what was refused and why', async () => {
    await openSystem();
    const card = page.getByRole('region', { name: 'Taken and refused' });
    await card.getByText('Nothing was refused.').waitFor();
    const bad = { traceId: new Uint8Array(3), spanId: new Uint8Array(8), name: 'bad' };
    await console.send([{ service: 'bad', spans: [bad, bad] }]).catch(() => undefined);
    await card.getByText(/^Spans left out: /).waitFor();
    await card.locator('.bad').getByText('2', { exact: true }).waitFor();
    await console.send([{ service: 'good', spans: [{ ...goodSpan() }] }]);
    await expect.poll(() => card.getByText('15').count()).toBe(1);
  });

  it('sets for how long spans are kept, after a question', async () => {
    await openSystem();
    const card = page.getByRole('region', { name: 'Retention' });
    await card.getByText('as tracestore is configured').waitFor();
    await card.getByRole('spinbutton', { name: 'Days' }).fill('20');
    await card.getByRole('button', { name: 'Set…' }).click();
    const question = page.getByRole('dialog', { name: 'Keep spans for 20 days?' });
    await question.getByText('does not come back').waitFor();
    await question.getByRole('button', { name: 'Leave it' }).click();
    expect(await card.getByText('30 days', { exact: true }).count()).toBe(1);
    await card.getByRole('button', { name: 'Set…' }).click();
    await page.screenshot({ path: path.join(picturesFolder, 'system-retention.png') });
    await question.getByRole('button', { name: 'Delete what is older' }).click();
    await card.getByText('20 days', { exact: true }).waitFor();
    await card.getByText('as was set here or in SQL').waitFor();
    await card.getByRole('button', { name: 'As configured' }).click();
    await expect.poll(() => card.getByText('30 days', { exact: true }).count()).toBe(1);
  });

  it.each(['light', 'dark'] as const)('keeps nobody out, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${console.store.url}/system`);
    await page.getByLabel('Token').waitFor();
    expect(await graveViolations(page)).toEqual([]);
    await signIn(token);
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    expect(await graveViolations(page)).toEqual([]);
  });

  it('is readable on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await openSystem();
    await page.getByRole('rowheader', { name: 'span', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.screenshot({ path: path.join(picturesFolder, 'system-phone.png') });
  });

  it('has the documents of its API, which can be tried out', async () => {
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
