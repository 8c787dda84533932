import { startChildStack } from '@spandrel/testing/child-stack';
import { launchChromium } from '../test/console/chromium.ts';
import { measureApiOverhead } from './console/api-overhead.ts';
import { measureFirstLoad } from './console/first-load.ts';
import { sendLargeTrace } from './console/large-trace.ts';
import { measureScrolling } from './console/scrolling.ts';
import type { Results } from './results.ts';

/**
 * Measures the console on the embedded stack under its usual load, in Chromium: the size and time of the first page, the
 * frame rate while a trace of 50,000 spans scrolls, and the time that the API adds to its queries.
 */
export async function consoleBench(say: (line: string) => void): Promise<Results> {
  const stack = await startChildStack();
  try {
    const [url, otlpUrl] = [stack.url('tracestore'), stack.url('otlpHttp')];
    await sendLargeTrace(otlpUrl);
    const browser = await launchChromium();
    try {
      return {
        ...(await measureFirstLoad(browser, url, say)),
        ...(await measureScrolling(browser, url, say)),
        ...(await measureApiOverhead(url, stack.databaseUrl, say)),
      };
    } finally {
      await browser.close();
    }
  } finally {
    await stack.stop();
  }
}
