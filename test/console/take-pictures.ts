/**
 * `npm run pictures`: takes the pictures of the README and of docs/ from a stack that runs for it, under its usual load and
 * with its faults. They differ a little each time, as the stack's traffic does.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startChildStack } from '@spandrel/testing/child-stack';
import { launchChromium } from './chromium.ts';

/** As long as it takes until there is something to see. */
const trafficMs = 90_000;
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
  say(`the stack runs; its traffic is waited for, ${trafficMs / 1000} s`);
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
      const take = async (name: string, address: string, isThere: (page: Page) => Promise<unknown>): Promise<void> => {
        await page.goto(`${url}${address}`);
        await isThere(page);
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
        say(`${name}, ${colorScheme}`);
      };
      await take('overview', '/?range=5m', (there) => there.locator('main table tbody tr').first().waitFor());
      await take('dashboard', '/dashboards/GkrS6rJ7z?range=5m', (there) =>
        there.locator('main canvas, main svg').first().waitFor(),
      );
      await take('search', '/search', (there) => there.locator('.results li').first().waitFor());
      await take('trace', `/trace/${traceId}`, async (there) => {
        // One without an exception: a stack trace has paths of the machine.
        await there
          .getByRole('treeitem', { name: / random_/ })
          .first()
          .click();
        await there.locator('.span-panel details').first().waitFor();
      });
      await take('sql', '/sql', (there) => there.locator('main h1').waitFor());
      await page.close();
    }
  } finally {
    await browser.close();
  }
} finally {
  await stack.stop();
}

/** A trace with an error that is small enough to be taken in at a glance. */
async function findFailedTrace(): Promise<string> {
  const response = await fetch(`${url}/api/traces?service=generator&status=error&limit=200`);
  const { traces } = (await response.json()) as { readonly traces: readonly Summary[] };
  const [smallest] = traces.filter(({ spans }) => spans > 30).toSorted((left, right) => left.spans - right.spans);
  if (smallest === undefined) throw new Error('no trace of the load has failed yet');
  return smallest.traceId;
}
