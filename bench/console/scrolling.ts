import type { Browser } from 'playwright-core';
import { type Results, rounded } from '../results.ts';
import { percentile } from '../queries/percentile.ts';
import { largeSpanCount, largeTraceId } from './large-trace.ts';

const scrollMs = 6_000;
/** Five rows a frame: at 60 frames a second, 300 rows a second. */
const pxPerFrame = 120;

/** Counts the frames that the browser shows while the waterfall of 50,000 spans scrolls, and measures their times. */
export async function measureScrolling(browser: Browser, url: string, say: (line: string) => void): Promise<Results> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  try {
    const startedAt = performance.now();
    await page.goto(`${url}/trace/${largeTraceId}`);
    await page.getByRole('treeitem').first().waitFor({ timeout: 60_000 });
    const openMs = performance.now() - startedAt;
    const frames = await page.evaluate<readonly number[]>(`new Promise((resolve) => {
      const tree = document.querySelector('[role=tree]');
      const frames = [];
      let before;
      const endsAt = performance.now() + ${scrollMs};
      const onFrame = (now) => {
        if (before !== undefined) frames.push(now - before);
        before = now;
        tree.scrollTop += ${pxPerFrame};
        if (now < endsAt) requestAnimationFrame(onFrame);
        else resolve(frames);
      };
      requestAnimationFrame(onFrame);
    })`);
    const total = frames.reduce((sum, ms) => sum + ms, 0);
    const results = {
      scrollFps: rounded((1000 * frames.length) / total, 1),
      scrollFrameP95Ms: rounded(percentile(frames, 0.95), 1),
      largeTraceOpenMs: rounded(openMs, 0),
    };
    say(`${largeSpanCount} spans, ${frames.length} frames: ${JSON.stringify(results)}`);
    return results;
  } finally {
    await page.close();
  }
}
