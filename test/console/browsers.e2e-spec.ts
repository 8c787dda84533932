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

/** Names that resolve to this machine, as a name of an attacker does after it was rebound. */
const options = [
  '--host-resolver-rules=MAP rebound.example 127.0.0.1, MAP shop.example 127.0.0.1, MAP other.example 127.0.0.1',
  // A browser without this protection of its own.
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
let complaints: string[];
/** What the site serves at `/` and `/script.js`. */
const content = { page: '<!doctype html><title>Shop</title>', script: '' };

describe.skipIf(!hasChromium)('a real browser', () => {
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
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  });

  const storePort = (): string => new URL(store.url).port;
  const otlpPort = (): string => new URL(store.tracesUrl).port;
  /** How a request of the page ends, as far as the page can see it. */
  const ask = (url: string, init: PageRequest = {}): Promise<string> =>
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

  it('reads and stores nothing at a name that was rebound to this machine', async () => {
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
      expect(await ask(address), address).toBe('403');
    }
    expect(await ask('/api/sql', { ...post('x'), body: '{"sql":"SELECT 1"}' })).toBe('403');
    expect(await ask('/api/system/retention', { ...post('x'), method: 'PUT', body: '{}' })).toBe('403');
    expect((await page.goto(`http://rebound.example:${otlpPort()}/v1/traces`))?.status()).toBe(403);
    expect(await ask('/v1/traces', post('rebound-attacker'))).toBe('403');
    expect(await spansOf('rebound-attacker')).toEqual([]);
    // The same page at the address of this machine works.
    await page.goto(`${store.url}/api/services`);
    expect(await ask('/api/services')).toBe('200');
  });

  it('lets a page of another origin do nothing', async () => {
    await page.goto(`http://other.example:${sitePort}/`);
    for (const init of [{}, { mode: 'no-cors' }] as const) {
      for (const address of ['/api/services', '/jaeger/api/services', '/metrics']) {
        expect(['blocked', '0'], address).toContain(await ask(`${store.url}${address}`, init));
      }
    }
    expect(await ask(store.tracesUrl, post('other-attacker'))).toBe('blocked');
    const simple = { ...post('other-attacker'), mode: 'no-cors', headers: { 'content-type': 'text/plain' } } as const;
    expect(['blocked', '0']).toContain(await ask(store.tracesUrl, simple));
    expect(await spansOf('other-attacker')).toEqual([]);
  });

  it('lets a page of an allowed origin send, read, and see why it was refused', async () => {
    await page.goto(`http://shop.example:${sitePort}/`);
    expect(await ask(store.tracesUrl, post('allowed-page'))).toBe('200');
    expect(await spansOf('allowed-page')).toEqual(['n']);
    expect(await ask(store.tracesUrl, { ...post('x'), body: '{' })).toBe('400');
    expect(await ask(`${store.url}/api/services`)).toBe('200');
    expect(await ask(`${store.url}/jaeger/api/services`, { headers: { authorization: 'Bearer x' } })).toBe('200');
    expect(await ask(`${store.url}/api/system/retention`, { ...post('x'), method: 'PUT' })).toBe('blocked');
  });

  it('runs the page of docs/browsers.md', async () => {
    content.page = exampleOf('html');
    await page.goto(`http://shop.example:${sitePort}/`);
    await page.getByRole('button', { name: 'Buy' }).click();
    await expect.poll(() => spansOf('shop-page')).toEqual(['click']);
    await page.goto('about:blank');
    await expect.poll(() => spansOf('shop-page')).toEqual(['click', 'visit']);
  });

  it("runs OpenTelemetry's SDK as in docs/browsers.md", async () => {
    content.script = await bundle(exampleOf('ts'));
    content.page = '<!doctype html><title>Shop</title><script type="module" src="/script.js"></script>';
    await page.goto(`http://shop.example:${sitePort}/`);
    await expect.poll(() => spansOf('shop-sdk')).toEqual(['load']);
  });
});

/** An example of the page in the docs, for the store under test. */
function exampleOf(language: string): string {
  const [, example] = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(docs) ?? [];
  if (example === undefined) throw new Error(`docs/browsers.md has no example in ${language}`);
  expect(example).toContain('http://localhost:4318/v1/traces');
  return example.replaceAll('http://localhost:4318/v1/traces', store.tracesUrl);
}

/** What a bundler makes of a module for browsers. */
async function bundle(source: string): Promise<string> {
  const parent = path.join(root, '.spandrel');
  mkdirSync(parent, { recursive: true });
  // Below the root, where its packages are found.
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
