import { gzipSync } from 'node:zlib';
import type { Browser, Response } from 'playwright-core';
import { type Results, rounded } from '../results.ts';
import { median } from '../median.ts';

const rounds = 5;
/** A service of the stack. When the table of services shows it, the first page has content. */
const usefulText = 'generator';

/**
 * Measures the size of the first page and the time until it has content, with an empty browser cache. Sizes are those
 * after compression with gzip, whatever the transfer used.
 */
export async function measureFirstLoad(browser: Browser, url: string, say: (line: string) => void): Promise<Results> {
  const paints: number[] = [];
  const files: number[] = [];
  const answers: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    const sizes: Promise<{ readonly isAnswer: boolean; readonly bytes: number }>[] = [];
    const note = (response: Response): void => {
      const isAnswer = new URL(response.url()).pathname.startsWith('/api/');
      sizes.push(response.body().then((body) => ({ isAnswer, bytes: gzipSync(body).length })));
    };
    page.on('response', note);
    // The page itself records the time, in the frame after the one in which the text appears.
    await page.addInitScript(`
      globalThis.usefulAtMs = new Promise((resolve) => {
        new MutationObserver((_, observer) => {
          if (!document.querySelector('main table')?.textContent.includes(${JSON.stringify(usefulText)})) return;
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        }).observe(document, { childList: true, subtree: true, characterData: true });
      });
    `);
    await page.goto(url);
    paints.push(await page.evaluate<number>('globalThis.usefulAtMs'));
    page.off('response', note);
    const loaded = await Promise.all(sizes);
    const sumOf = (isAnswer: boolean): number =>
      loaded.filter((each) => each.isAnswer === isAnswer).reduce((sum, { bytes }) => sum + bytes, 0);
    files.push(sumOf(false));
    answers.push(sumOf(true));
    await context.close();
  }
  const results = {
    firstLoadKb: rounded(median(files) / 1000, 1),
    firstAnswersKb: rounded(median(answers) / 1000, 1),
    firstPaintMs: rounded(median(paints), 0),
  };
  say(`first load: ${JSON.stringify(results)}`);
  return results;
}
