import { parseArgs } from 'node:util';
import { startChildStack } from '@spandrel/testing/child-stack';
import { launchChromium } from '../test/console/chromium.ts';
import { measureApiOverhead } from './console/api-overhead.ts';
import { measureFirstLoad } from './console/first-load.ts';
import { measureLargeStore } from './console/large-store.ts';
import { sendLargeTrace } from './console/large-trace.ts';
import { measureScrolling } from './console/scrolling.ts';
import type { Results } from './results.ts';

/**
 * Measures the console on the embedded stack under its usual load, in Chromium: the size and time of the first page, the
 * frame rate while a trace of 50,000 spans scrolls, and the time that the API adds to its queries. Then it measures what the
 * API counts over an hour of a store of ten million spans.
 */
export async function consoleBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const { values } = parseArgs({
    args: [...args],
    options: { spans: { type: 'string', default: '10000000' }, keep: { type: 'string' } },
  });
  const spans = Number(values.spans);
  if (!Number.isInteger(spans) || spans < 10_000)
    throw new Error(`--spans must be an integer of at least 10000, got ${values.spans}`);
  const onStack = await measureStack(say);
  return { ...onStack, ...(await measureLargeStore(spans, values.keep, say)) };
}

async function measureStack(say: (line: string) => void): Promise<Results> {
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
