/**
 * `npm run pictures`: takes the screenshots of the README and of docs/ from a stack with its usual load and injected faults.
 * They differ slightly each time, because the traffic is random.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startChildStack } from '@spandrel/testing/child-stack';
import { launchChromium } from './chromium.ts';

/** Enough traffic for charts of 5 minutes. */
const trafficMs = 240_000;
const folder = path.join(path.dirname(path.dirname(import.meta.dirname)), 'docs/pictures');
const themes = ['light', 'dark'] as const;

interface Summary {
  readonly traceId: string;
  readonly spans: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const stack = await startChildStack();
const url = stack.url('tracestore');
try {
  say(`the stack runs; waiting ${trafficMs / 1000} s for traffic`);
  await sleep(trafficMs);
  const traceId = await findFailedTrace();
  mkdirSync(folder, { recursive: true });
  const browser = await launchChromium();
  try {
    for (const colorScheme of themes) {
      const page = await browser.newPage({
        viewport: { width: 1280, height: 800 },
        colorScheme,
        reducedMotion: 'reduce',
      });
      const take = async (
        name: string,
        address: string,
        untilReady: (page: Page) => Promise<unknown>,
      ): Promise<void> => {
        await page.goto(`${url}${address}`);
        await untilReady(page);
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
        say(`${name}, ${colorScheme}`);
      };
      await take('overview', '/?range=5m', (there) => there.locator('main table tbody tr').first().waitFor());
      await take('dashboard', '/dashboards/GkrS6rJ7z?range=5m', (there) =>
        there.locator('main canvas, main svg').first().waitFor(),
      );
      await take('search', '/search?range=5m', (there) => there.locator('.result').first().waitFor());
      await take('trace', `/trace/${traceId}`, async (there) => {
        // Select a span without an exception, because a stack trace contains local paths.
        await there
          .getByRole('treeitem', { name: / random_/ })
          .first()
          .click();
        await there.locator('.span-panel details').first().waitFor();
      });
      await take('sql', '/sql', async (there) => {
        await there.getByRole('button', { name: 'Which operations have the most self time?' }).click();
        await there.getByRole('button', { name: 'Run', exact: true }).click();
        await there.locator('.sql-result [role=grid]').waitFor();
      });
      await page.close();
    }
  } finally {
    await browser.close();
  }
} finally {
  await stack.stop();
}

/** Find the smallest trace with an error and more than 30 spans. */
async function findFailedTrace(): Promise<string> {
  const response = await fetch(`${url}/api/traces?service=generator&status=error&limit=200`);
  const { traces } = (await response.json()) as { readonly traces: readonly Summary[] };
  const [smallest] = traces.filter(({ spans }) => spans > 30).toSorted((left, right) => left.spans - right.spans);
  if (smallest === undefined) throw new Error('no failed trace found');
  return smallest.traceId;
}
