import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../../config/tracestore.config.js';

const webFolder = mkdtempSync(path.join(tmpdir(), 'spandrel-web-'));
const script = 'console.log(1);\n'.repeat(100);

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  mkdirSync(path.join(webFolder, 'assets'));
  writeFileSync(path.join(webFolder, 'index.html'), '<!doctype html><title>Spandrel</title>');
  writeFileSync(path.join(webFolder, 'assets/index-abc123.js'), script);
  writeFileSync(path.join(webFolder, 'assets/index-abc123.js.br'), brotliCompressSync(script));
  writeFileSync(path.join(webFolder, 'assets/index-abc123.js.gz'), gzipSync(script));
  writeFileSync(path.join(webFolder, 'assets/index-abc123.js.map'), 'a file of no known type');
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { console: { ...readTracestoreConfig({}).console, webFolder } });
});

afterAll(async () => {
  await store.stop();
  await database.drop();
  rmSync(webFolder, { recursive: true });
});

function openInBrowser(page: string): Promise<Response> {
  return fetch(`${store.url}${page}`, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
}

it.each(['/', '/search?service=x', `/trace/${'a'.repeat(32)}`, '/a-page-of-a-later-console/x'])(
  'a browser gets the document at %s, with a policy that allows nothing of other origins',
  async (page) => {
    const response = await openInBrowser(page);
    expect(await response.text()).toContain('<title>Spandrel');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-cache');
  },
);

it('a program gets the document at / alone', async () => {
  expect(await (await fetch(store.url)).text()).toContain('<title>Spandrel');
  expect((await fetch(`${store.url}/search`)).status).toBe(404);
});

it.each(['br', 'gzip', 'identity'])('an asset has encoding %s if requested, and is immutable', async (encoding) => {
  const response = await fetch(`${store.url}/assets/index-abc123.js`, { headers: { 'accept-encoding': encoding } });
  expect(await response.text()).toBe(script);
  expect(response.headers.get('content-encoding') ?? 'identity').toBe(encoding);
  expect(response.headers.get('cache-control')).toContain('immutable');
  const etag = response.headers.get('etag') ?? '';
  const again = await fetch(`${store.url}/assets/index-abc123.js`, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
});

it('takes time linear in the length of Accept-Encoding', async () => {
  // Node trims the blanks around a value, not those within it.
  const headers = { 'accept-encoding': `a${' '.repeat(15_000)}b, gzip` };
  const before = process.cpuUsage();
  for (let n = 0; n < 30; n += 1) {
    const response = await fetch(`${store.url}/assets/index-abc123.js`, { headers });
    expect(await response.text()).toBe(script);
    expect(response.headers.get('content-encoding')).toBe('gzip');
  }
  // CPU time, which does not depend on how busy the machine is. Quadratic time takes more than 3 s.
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(1_500);
});

it.each([
  '/assets/none.js',
  '/assets/..%2Findex.html',
  '/assets/index-abc123.js.map',
  '/assets/index-abc123.js.br',
  '/assets/a/b',
  '/api/nowhere',
  '/api',
  '/jaeger/nowhere',
  '/v1/traces',
  '/metrics/nowhere',
  '/livez/nowhere',
])('%s is not a page: 404, also for a browser', async (file) => {
  const response = await openInBrowser(file);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
});
