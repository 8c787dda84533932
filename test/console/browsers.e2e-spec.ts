import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { build } from 'vite';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../../apps/tracestore/src/config/tracestore.config.js';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { hasChromium, launchChromium } from './chromium.js';

const root = path.dirname(path.dirname(import.meta.dirname));
const docs = readFileSync(path.join(root, 'docs/browsers.md'), 'utf8');

/** Host names that resolve to this machine, as an attacker's name does after DNS rebinding. */
const options = [
  '--host-resolver-rules=MAP rebound.example 127.0.0.1, MAP shop.example 127.0.0.1, MAP other.example 127.0.0.1',
  // Disable the browser's own protection.
  '--disable-features=LocalNetworkAccessChecks',
];

interface PageRequest {
  readonly method?: string;
  readonly mode?: 'no-cors';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

let database: FreshDatabase;
let store: RunningTracestore;
let browser: Browser;
let page: Page;
let site: Server;
let sitePort: number;
let pageErrors: string[];
/** What the site serves at `/` and `/script.js`. */
const content = { page: '<!doctype html><title>Shop</title>', script: '' };

describe.skipIf(!hasChromium)('a browser', () => {
  beforeAll(async () => {
    site = createServer((request, response) => {
      const isScript = request.url === '/script.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? content.script : content.page);
    });
    await new Promise<void>((resolve) => void site.listen(0, '127.0.0.1', resolve));
    sitePort = (site.address() as AddressInfo).port;
    database = await createFreshDatabase();
    store = await startTracestore(database.url, {
      access: readTracestoreConfig({
        TRACESTORE_OTLP_ALLOWED_ORIGINS: `http://shop.example:${sitePort}`,
        TRACESTORE_API_ALLOWED_ORIGINS: `http://shop.example:${sitePort}`,
      }).access,
    });
    browser = await launchChromium(options);
  });

  afterAll(async () => {
    await browser.close();
    await store.stop();
    await database.drop();
    site.close();
  });

  beforeEach(async () => {
    page = await browser.newPage();
    pageErrors = [];
    page.on('pageerror', (error) => pageErrors.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    if (pageErrors.length > 0) throw new Error(pageErrors.join('\n'));
  });

  const storePort = (): string => new URL(store.url).port;
  const otlpPort = (): string => new URL(store.tracesUrl).port;
  /** Send a request from the page. @returns the status that the page sees, or `blocked` */
  const request = (url: string, init: PageRequest = {}): Promise<string> =>
    page.evaluate<string, readonly [string, PageRequest]>(
      ([address, request]) =>
        fetch(address, request).then(
          ({ status }) => String(status),
          () => 'blocked',
        ),
      [url, init],
    );
  const spansOf = async (service: string): Promise<readonly string[]> => {
    const rows = await queryOnce<{ name: string }>(
      database.url,
      'SELECT span_name AS name FROM ps_trace.span WHERE service_name = $1 ORDER BY 1',
      [service],
    );
    return rows.map(({ name }) => name);
  };
  const post = (service: string): PageRequest => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: '1'.repeat(32),
                  spanId: '2'.repeat(16),
                  name: 'n',
                  startTimeUnixNano: `${Date.now()}000000`,
                  endTimeUnixNano: `${Date.now()}000000`,
                },
              ],
            },
          ],
        },
      ],
    }),
  });

  it('cannot read or store anything through a name that was rebound to this machine', async () => {
    expect((await page.goto(`http://rebound.example:${storePort()}/`))?.status()).toBe(403);
    for (const address of [
      '/api/services',
      '/api/traces?limit=1',
      '/api/system',
      '/jaeger/api/services',
      '/jaeger/api/v3/services',
      '/metrics',
      '/openapi.json',
    ]) {
      expect(await request(address), address).toBe('403');
    }
    expect(await request('/api/sql', { ...post('x'), body: '{"sql":"SELECT 1"}' })).toBe('403');
    expect(await request('/api/system/retention', { ...post('x'), method: 'PUT', body: '{}' })).toBe('403');
    expect((await page.goto(`http://rebound.example:${otlpPort()}/v1/traces`))?.status()).toBe(403);
    expect(await request('/v1/traces', post('rebound-attacker'))).toBe('403');
    expect(await spansOf('rebound-attacker')).toEqual([]);
    // The same page at the address of this machine works.
    await page.goto(`${store.url}/api/services`);
    expect(await request('/api/services')).toBe('200');
  });

  it('blocks all requests of a page of another origin', async () => {
    await page.goto(`http://other.example:${sitePort}/`);
    for (const init of [{}, { mode: 'no-cors' }] as const) {
      for (const address of ['/api/services', '/jaeger/api/services', '/metrics']) {
        expect(['blocked', '0'], address).toContain(await request(`${store.url}${address}`, init));
      }
    }
    expect(await request(store.tracesUrl, post('other-attacker'))).toBe('blocked');
    const simple = { ...post('other-attacker'), mode: 'no-cors', headers: { 'content-type': 'text/plain' } } as const;
    expect(['blocked', '0']).toContain(await request(store.tracesUrl, simple));
    expect(await spansOf('other-attacker')).toEqual([]);
  });

  it('lets a page of an allowed origin send, read, and see error responses', async () => {
    await page.goto(`http://shop.example:${sitePort}/`);
    expect(await request(store.tracesUrl, post('allowed-page'))).toBe('200');
    expect(await spansOf('allowed-page')).toEqual(['n']);
    expect(await request(store.tracesUrl, { ...post('x'), body: '{' })).toBe('400');
    expect(await request(`${store.url}/api/services`)).toBe('200');
    expect(await request(`${store.url}/jaeger/api/services`, { headers: { authorization: 'Bearer x' } })).toBe('200');
    expect(await request(`${store.url}/api/system/retention`, { ...post('x'), method: 'PUT' })).toBe('blocked');
  });

  it('sends spans from the example page of docs/browsers.md', async () => {
    content.page = exampleOf('html');
    await page.goto(`http://shop.example:${sitePort}/`);
    await page.getByRole('button', { name: 'Buy' }).click();
    await expect.poll(() => spansOf('shop-page')).toEqual(['click']);
    await page.goto('about:blank');
    await expect.poll(() => spansOf('shop-page')).toEqual(['click', 'visit']);
  });

  it("sends spans with OpenTelemetry's SDK as in docs/browsers.md", async () => {
    content.script = await bundle(exampleOf('ts'));
    content.page = '<!doctype html><title>Shop</title><script type="module" src="/script.js"></script>';
    await page.goto(`http://shop.example:${sitePort}/`);
    await expect.poll(() => spansOf('shop-sdk')).toEqual(['load']);
  });
});

/** An example of docs/browsers.md, with the URL of the store under test. */
function exampleOf(language: string): string {
  const [, example] = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(docs) ?? [];
  if (example === undefined) throw new Error(`docs/browsers.md has no example in ${language}`);
  expect(example).toContain('http://localhost:4318/v1/traces');
  return example.replaceAll('http://localhost:4318/v1/traces', store.tracesUrl);
}

/** Bundle a module for browsers. */
async function bundle(source: string): Promise<string> {
  const parent = path.join(root, '.spandrel');
  mkdirSync(parent, { recursive: true });
  // In the root folder, so that packages are resolved.
  const folder = mkdtempSync(path.join(parent, 'browser-example-'));
  try {
    writeFileSync(path.join(folder, 'main.ts'), source);
    await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: { target: 'es2022', lib: { entry: 'main.ts', formats: ['es'], fileName: 'main' } },
    });
    return readFileSync(path.join(folder, 'dist/main.js'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
