import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, startConsole } from './console-under-test.js';
import { failedSpans, failedTraceId } from './example-spans.js';
import { accessibilityViolations } from './accessibility-violations.js';

const startMs = Date.now() - 300_000;

/** Every page, with a selector of an element to wait for. */
const pages = [
  ['/', 'h1'],
  ['/services/generator', '.service-page h1'],
  ['/dashboards', 'h1'],
  ['/dashboards/QoZDH91nk', 'h1'],
  ['/search', '.result'],
  ['/search?rows=spans', '.result'],
  ['/map', 'h1'],
  ['/search?service=unknown', 'h2'],
  [`/trace/${passwordTraceId(2)}`, '[role=treeitem]'],
  [`/trace/${passwordTraceId(2)}?span=0000000000000001&errors=1`, '.span-panel details'],
  [`/trace/${passwordTraceId(2)}?view=flame&span=0000000000000001`, '.flame canvas'],
  [`/trace/${passwordTraceId(2)}?view=operations`, '.operations td'],
  [`/trace/${passwordTraceId(2)}?view=events`, '.event-list li'],
  [`/trace/${failedTraceId}?span=f00000000000000f`, '.exception pre'],
  ['/trace/file', 'h1'],
  [`/trace/${'e'.repeat(32)}`, '[role=alert]'],
  [`/compare/${passwordTraceId(1)}/${passwordTraceId(2)}`, '[role=treeitem]'],
  ['/differences?select=slowest', '[aria-label=Groups] td'],
  ['/sql', 'h1'],
  ['/system', 'h1'],
  ['/connect', '.connect pre'],
  ['/docs', 'h1'],
] as const;

/** Of a desktop, and of two phones. */
const sizes = [
  [1400, 500],
  [390, 844],
  [360, 640],
] as const;

/** An expression for what does not fit into the window: only the main area scrolls, and only up and down. */
const misfits = `(() => {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const main = document.querySelector('main');
  const links = [...document.querySelectorAll('.top a')].filter((link) => {
    const { left, right, top, bottom, width } = link.getBoundingClientRect();
    return width === 0 || left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  });
  return [
    ...(scrollHeight > innerHeight ? ['the document is ' + (scrollHeight - innerHeight) + ' px too high'] : []),
    ...(scrollWidth > innerWidth ? ['the document is ' + (scrollWidth - innerWidth) + ' px too wide'] : []),
    ...(main.scrollWidth > main.clientWidth ? ['main is ' + (main.scrollWidth - main.clientWidth) + ' px too wide'] : []),
    ...links.map((link) => link.textContent + ' cannot be reached'),
  ];
})()`;

let console: ConsoleUnderTest;

describe.skipIf(!hasChromium).each(['light', 'dark'] as const)(
  'every page is accessible and fits the window in the %s theme',
  (colorScheme) => {
    beforeAll(async () => {
      console = await startConsole();
      await sendPasswordTraces(console.store, startMs);
      await console.send(failedSpans(startMs));
    });

    afterAll(async () => {
      await console.stop();
    });

    it.each(pages)('%s', async (address, selector) => {
      const { page } = await console.openPage({ colorScheme, reducedMotion: 'reduce' });
      try {
        await page.goto(`${console.store.url}${address}`);
        await page.locator(selector).first().waitFor();
        await page.waitForLoadState('networkidle');
        expect(await accessibilityViolations(page)).toEqual([]);
        for (const [width, height] of sizes) {
          await page.setViewportSize({ width, height });
          const found = await page.evaluate<readonly string[]>(misfits);
          // Swagger UI has a layout of its own.
          expect(address === '/docs' ? found.filter((each) => !each.startsWith('main')) : found).toEqual([]);
        }
      } finally {
        await page.close();
      }
    });
  },
);
