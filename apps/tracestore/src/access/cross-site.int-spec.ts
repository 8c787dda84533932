import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendRaw } from '@spandrel/testing/raw-http';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../config/tracestore.config.js';

const token = 'a-token-of-24-letters-at-least';
const page = 'https://shop.example';

let database: FreshDatabase;
let store: RunningTracestore;

const readApis = [
  '/api/services',
  '/api/traces?from=1&to=2',
  '/api/session',
  '/jaeger/api/services',
  '/jaeger/api/v3/services',
  '/metrics',
] as const;

function storeOf(variables: Readonly<Record<string, string>>): Promise<RunningTracestore> {
  const { access, console, jaegerHttpAccess } = readTracestoreConfig(variables);
  return startTracestore(database.url, { access, console, jaegerHttpAccess });
}

function send(url: string, method: string, headers: Readonly<Record<string, string>>, body = '') {
  const { pathname, search, host } = new URL(url);
  const all = { host, ...headers, ...(body === '' ? {} : { 'content-length': String(body.length) }) };
  return sendRaw(
    url,
    [`${method} ${pathname}${search} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)],
    body,
  );
}

const preflight = (method: string, headers = 'content-type', origin = page) => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': headers,
});

beforeAll(async () => {
  database = await createFreshDatabase();
});

afterAll(async () => {
  await database.drop();
});

describe('without allowed origins', () => {
  beforeAll(async () => {
    store = await storeOf({});
  });

  afterAll(async () => {
    await store.stop();
  });

  describe.each(readApis)('GET %s', (path) => {
    const get = (headers: Record<string, string>) => send(`${store.url}${path}`, 'GET', headers);

    it.each([
      ['cross-site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
      ['same-site', { 'sec-fetch-site': 'same-site' }],
      ['a navigation from another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
      ['another origin', { origin: page }],
      ['another port of this machine', { origin: 'http://127.0.0.1:3000' }],
      ['an opaque origin', { origin: 'null' }],
      ['another origin that claims to be this one', { origin: page, 'sec-fetch-site': 'same-origin' }],
    ])('refuses %s', async (_, headers) => {
      const { status, headers: answered } = await get(headers);
      expect(status).toBe(403);
      expect(answered.has('access-control-allow-origin')).toBe(false);
    });

    it('answers programs, its own pages and typed addresses', async () => {
      const origin = new URL(store.url).origin;
      for (const headers of [
        {},
        { 'user-agent': 'curl/8' },
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
        { origin },
        // Grafana sends its users' headers on, without Origin and Referer.
        { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'user-agent': 'Grafana/13' },
      ]) {
        expect((await get(headers)).status, JSON.stringify(headers)).not.toBe(403);
      }
    });
  });

  it.each(['/', '/search', '/openapi.json'])('lets other sites link to %s', async (path) => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await send(`${store.url}${path}`, 'GET', headers)).status).not.toBe(403);
  });

  it('refuses every preflight, and spans of pages', async () => {
    expect((await send(store.tracesUrl, 'OPTIONS', preflight('POST'))).status).toBe(403);
    expect((await send(`${store.url}/api/services`, 'OPTIONS', preflight('GET'))).status).toBe(403);
    for (const headers of [{ origin: page }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await send(store.tracesUrl, 'POST', { ...headers, 'content-type': 'application/json' }, '{}');
      expect(answer.status).toBe(403);
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    }
  });
});

describe('with allowed origins', () => {
  beforeAll(async () => {
    store = await storeOf({
      TRACESTORE_OTLP_ALLOWED_ORIGINS: `${page}, http://localhost:*`,
      TRACESTORE_API_ALLOWED_ORIGINS: 'https://*.ops.example',
    });
  });

  afterAll(async () => {
    await store.stop();
  });

  const reader = 'https://notebook.ops.example';

  it('OTLP answers the preflight of an allowed origin', async () => {
    const { status, headers } = await send(
      store.tracesUrl,
      'OPTIONS',
      preflight('POST', 'content-type,traceparent,x-team'),
    );
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,traceparent,x-team',
      'access-control-max-age': '7200',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    expect(headers.has('access-control-allow-private-network')).toBe(false);
    const private_ = await send(store.tracesUrl, 'OPTIONS', {
      ...preflight('POST'),
      'access-control-request-private-network': 'true',
    });
    expect(private_.headers.get('access-control-allow-private-network')).toBe('true');
  });

  it.each([
    ['too many headers', 'x'.repeat(1_025)],
    ['headers that are no tokens', 'content-type, a b'],
  ])('OTLP does not allow %s', async (_, requested) => {
    const { headers } = await send(store.tracesUrl, 'OPTIONS', preflight('POST', requested));
    expect(headers.has('access-control-allow-headers')).toBe(false);
  });

  it.each([
    ['success', 200, 'application/json', '{}'],
    ['a malformed body', 400, 'application/json', '{'],
    ['another content type', 415, 'text/plain', '{}'],
  ])('OTLP lets the page read the answer of %s', async (_, status, type, body) => {
    const answer = await send(store.tracesUrl, 'POST', { origin: page, 'content-type': type }, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  it('OTLP lets the page read that it is too much, and when to retry', async () => {
    const small = await startTracestore(database.url, {
      access: readTracestoreConfig({ TRACESTORE_OTLP_ALLOWED_ORIGINS: page }).access,
      maxRequestBytes: 1_024,
    });
    try {
      const headers = { origin: page, 'content-type': 'application/json' };
      const answer = await send(small.tracesUrl, 'POST', headers, ' '.repeat(2_000));
      expect(answer.status).toBe(413);
      expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    } finally {
      await small.stop();
    }
    const away = await startTracestore('postgres://nobody@127.0.0.1:1/none', {
      access: readTracestoreConfig({ TRACESTORE_OTLP_ALLOWED_ORIGINS: page }).access,
    });
    try {
      const body =
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"n","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}';
      const answer = await send(away.tracesUrl, 'POST', { origin: page, 'content-type': 'application/json' }, body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('access-control-allow-origin')).toBe(page);
      expect(answer.headers.has('retry-after')).toBe(true);
    } finally {
      await away.stop();
    }
  });

  it('OTLP takes spans of any port of a listed host, and of no other origin', async () => {
    const post = (origin: string) =>
      send(
        store.tracesUrl,
        'POST',
        { origin, 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
        '{}',
      );
    expect((await post('http://localhost:5173')).status).toBe(200);
    for (const origin of ['https://evil.example', 'https://shop.example.evil.example', 'http://shop.example', 'null']) {
      expect((await post(origin)).status).toBe(403);
    }
  });

  it('the read APIs answer pages of their own list', async () => {
    for (const path of ['/api/services', '/jaeger/api/services', '/jaeger/api/v3/services']) {
      const asked = await send(`${store.url}${path}`, 'OPTIONS', preflight('GET', 'authorization', reader));
      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST');
      expect(asked.headers.has('access-control-allow-credentials')).toBe(false);
      const got = await send(`${store.url}${path}`, 'GET', { origin: reader, 'sec-fetch-site': 'cross-site' });
      expect(got.headers.get('access-control-allow-origin')).toBe(reader);
      expect([200, 400]).toContain(got.status);
      const sender = await send(`${store.url}${path}`, 'GET', { origin: page });
      expect(sender.status).toBe(403);
    }
  });

  it('the read APIs let no page of another origin change anything', async () => {
    const headers = { origin: reader, 'content-type': 'application/json' };
    expect((await send(`${store.url}/api/system/retention`, 'PUT', headers, '{}')).status).toBe(403);
  });

  it('an answer without a page depends on the origin as well', async () => {
    expect((await send(`${store.url}/api/services`, 'GET', {})).headers.get('vary')).toBe('Origin, accept-encoding');
  });
});

describe('with a token', () => {
  it('lets its own pages sign in behind a proxy that changes Host', async () => {
    store = await storeOf({ TRACESTORE_CONSOLE_TOKEN: token });
    try {
      const signIn = (headers: Record<string, string>) =>
        send(
          `${store.url}/api/session`,
          'POST',
          { 'content-type': 'application/json', host: 'tracestore:8080', origin: 'https://traces.example', ...headers },
          JSON.stringify({ token }),
        );
      expect((await signIn({ 'sec-fetch-site': 'same-origin' })).status).toBe(204);
      expect((await signIn({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      expect((await signIn({})).status).toBe(403);
    } finally {
      await store.stop();
    }
  });
});

describe('every answer', () => {
  beforeAll(async () => {
    store = await storeOf({});
  });

  afterAll(async () => {
    await store.stop();
  });

  it.each([
    ['GET', '/api/services', {}, 200],
    ['GET', '/api/traces?limit=0', {}, 400],
    ['GET', '/api/session', {}, 200],
    ['GET', '/api/services', { origin: page }, 403],
    ['GET', '/jaeger/api/services', {}, 200],
    ['GET', '/jaeger/api/traces/xyz', {}, 400],
    ['GET', '/metrics', {}, 200],
    ['GET', '/livez', {}, 200],
    ['GET', '/openapi.json', {}, 200],
    ['GET', '/nowhere', {}, 404],
    ['GET', '/%zz', {}, 400],
    ['GET', `/assets/${'1'.repeat(10_001)}`, {}, 404],
    ['BREW', '/api/services', {}, 400],
  ])('%s %s %j has nosniff and no-store', async (method, path, headers, status) => {
    const answer = await sendRaw(store.url, [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ]);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['POST', '/v1/traces', 'application/json', 200],
    ['POST', '/v1/traces', 'text/plain', 415],
    ['GET', '/v1/traces', 'application/json', 405],
    ['POST', '/v1/logs', 'application/json', 404],
    ['POST', '/v1/%zz', 'application/json', 404],
    ['BREW', '/v1/traces', 'application/json', 400],
  ])('%s %s of OTLP, %s, has nosniff and no-store', async (method, path, type, status) => {
    const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Content-Type: ${type}`, 'Content-Length: 2'];
    const answer = await sendRaw(store.tracesUrl, lines, '{}');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['/v1/traces', '/v1/traces/', '//v1/traces', '/v1//traces//', '/v1/traces?a=b'])(
    'OTLP takes spans at %s',
    async (path) => {
      const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', 'Content-Length: 2'];
      expect((await sendRaw(store.tracesUrl, lines, '{}')).status).toBe(200);
      expect((await sendRaw(store.tracesUrl, [`GET ${path} HTTP/1.1`, 'Host: localhost'])).status).toBe(405);
    },
  );
});
