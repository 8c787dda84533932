import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendRaw } from '@spandrel/testing/raw-http';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../config/tracestore.config.js';

const token = 'a-token-of-24-letters-at-least';
const span =
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"planted","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}';

/** Every kind of endpoint that is not a probe. */
const endpoints = [
  ['GET', '/'],
  ['HEAD', '/search'],
  ['GET', '/favicon.svg'],
  ['GET', '/nowhere'],
  ['GET', '/openapi.json'],
  ['GET', '/metrics'],
  ['GET', '/api/session'],
  ['GET', '/api/services'],
  ['GET', '/api/system'],
  ['POST', '/api/sql'],
  ['PUT', '/api/system/retention'],
  ['OPTIONS', '/api/services'],
  ['GET', '/jaeger/api/services'],
  ['GET', '/jaeger/api/v3/services'],
  ['POST', '/v1/traces'],
  ['GET', '/v1/traces'],
  ['OPTIONS', '/v1/traces'],
  ['POST', '/v1/nowhere'],
] as const;

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
});

afterAll(async () => {
  await database.drop();
});

function storeOf(variables: Readonly<Record<string, string>>): Promise<RunningTracestore> {
  const { access, console, jaegerHttpAccess } = readTracestoreConfig(variables);
  return startTracestore(database.url, { access, console, jaegerHttpAccess });
}

/** Sends a request to the port that serves a path. */
function send(
  store: RunningTracestore,
  method: string,
  target: string,
  headers: readonly string[],
  version = 'HTTP/1.1',
) {
  const isOtlp = target.includes('/v1/') && !target.includes('jaeger');
  const body = method === 'POST' || method === 'PUT' ? (isOtlp ? span : '{"sql":"SELECT 1","days":1}') : '';
  const lines = [
    `${method} ${target} ${version}`,
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ];
  return sendRaw(isOtlp ? store.tracesUrl : store.url, lines, body);
}

describe('without sign-in', () => {
  let store: RunningTracestore;

  beforeAll(async () => {
    store = await storeOf({ TRACESTORE_ALLOWED_HOSTS: 'tracestore, *.svc.cluster.local' });
  });

  afterAll(async () => {
    await store.stop();
  });

  describe.each(endpoints)('%s %s', (method, path) => {
    it.each([
      ['a foreign name', ['Host: rebound.example:8080']],
      ['a foreign name, as a page of the same origin', ['Host: rebound.example', 'Sec-Fetch-Site: same-origin']],
      ['a foreign name, with its origin', ['Host: rebound.example', 'Origin: http://rebound.example']],
      ['an address as the beginning of a name', ['Host: 127.0.0.1.evil.example']],
      ['localhost as the beginning of a name', ['Host: localhost.evil.example']],
      ['a name below localhost', ['Host: evil.localhost']],
      ['an address in decimal', ['Host: 2130706433']],
      ['a forwarded host', ['Host: rebound.example', 'X-Forwarded-Host: localhost', 'Forwarded: host=localhost']],
    ])('refuses %s', async (_, headers) => {
      expect((await send(store, method, path, headers)).status).toBe(403);
    });

    it.each([
      ['no Host', []],
      ['two Hosts', ['Host: localhost', 'Host: rebound.example']],
      ['two Hosts, the last of which is localhost', ['Host: rebound.example', 'Host: localhost']],
      ['user information', ['Host: localhost@rebound.example']],
      ['an empty Host', ['Host: ']],
      ['an address of IPv6 without brackets', ['Host: ::1']],
    ])('calls %s malformed', async (_, headers) => {
      expect((await send(store, method, path, headers)).status).toBe(400);
    });

    it('refuses a foreign name in an absolute-form target', async () => {
      expect((await send(store, method, `http://rebound.example${path}`, ['Host: localhost'])).status).toBe(403);
      expect((await send(store, method, `http://localhost${path}`, ['Host: rebound.example'])).status).toBe(403);
    });

    it('refuses a request of HTTP/1.0 without a Host', async () => {
      expect((await send(store, method, path, [], 'HTTP/1.0')).status).toBe(400);
    });

    it.each([
      'localhost',
      'LOCALHOST:8080',
      'localhost.',
      '127.0.0.1',
      '[::1]:8080',
      '10.1.2.3:80',
      'tracestore:8080',
      'spandrel-tracestore.default.svc.cluster.local',
    ])('lets %s pass', async (host) => {
      const { status, body } = await send(store, method, path, [`Host: ${host}`]);
      expect(status).toBeGreaterThan(0);
      expect(status).not.toBe(403);
      expect(body).not.toContain('malformed-host');
    });
  });

  it('answers probes at every name', async () => {
    for (const path of ['/livez', '/readyz']) {
      expect((await send(store, 'GET', path, ['Host: anything.example'])).status).toBe(200);
    }
  });

  it('says how to allow a name', async () => {
    const { headers, body } = await send(store, 'GET', '/api/services', ['Host: rebound.example']);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:spandrel:problem:foreign-host', status: 403 });
    expect(body).toContain('TRACESTORE_ALLOWED_HOSTS');
    const otlp = await send(store, 'POST', '/v1/traces', ['Host: rebound.example']);
    expect(JSON.parse(otlp.body)).toMatchObject({
      code: 7,
      message: expect.stringContaining('TRACESTORE_ALLOWED_HOSTS'),
    });
    const jaeger = await send(store, 'GET', '/jaeger/api/v3/services', ['Host: rebound.example']);
    expect(JSON.parse(jaeger.body)).toMatchObject({ error: { httpCode: 403 } });
    const older = await send(store, 'GET', '/jaeger/api/services', ['Host: rebound.example']);
    expect(JSON.parse(older.body)).toMatchObject({ data: null, errors: [{ code: 403 }] });
  });

  it('does not read the body of what it refuses', async () => {
    const lines = ['POST /api/sql HTTP/1.1', 'Host: rebound.example', 'Content-Type: application/json'];
    expect((await sendRaw(store.url, [...lines, 'Content-Length: 1000000'])).status).toBe(403);
  });
});

describe('with a token', () => {
  it('checks the host only where no token is asked for', async () => {
    const store = await storeOf({ TRACESTORE_CONSOLE_TOKEN: token });
    try {
      const headers = ['Host: traces.example'];
      const signedIn = [...headers, `Authorization: Bearer ${token}`];
      expect((await send(store, 'GET', '/api/session', headers)).status).toBe(200);
      expect((await send(store, 'GET', '/api/services', headers)).status).toBe(401);
      expect((await send(store, 'GET', '/api/services', signedIn)).status).toBe(200);
      expect((await send(store, 'GET', '/jaeger/api/services', signedIn)).status).toBe(200);
      expect((await send(store, 'GET', '/metrics', headers)).status).toBe(403);
      expect((await send(store, 'POST', '/v1/traces', headers)).status).toBe(403);
    } finally {
      await store.stop();
    }
  });

  it('does not read a body before the sign-in', async () => {
    const store = await storeOf({ TRACESTORE_CONSOLE_TOKEN: token });
    try {
      const lines = ['POST /api/sql HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
      expect((await sendRaw(store.url, [...lines, 'Content-Length: 1000000'])).status).toBe(401);
    } finally {
      await store.stop();
    }
  });

  it('checks the host of the Jaeger API where that is open', async () => {
    const store = await storeOf({ TRACESTORE_CONSOLE_TOKEN: token, TRACESTORE_JAEGER_HTTP_ACCESS: 'none' });
    try {
      expect((await send(store, 'GET', '/jaeger/api/services', ['Host: traces.example'])).status).toBe(403);
      expect((await send(store, 'GET', '/jaeger/api/services', ['Host: localhost'])).status).toBe(200);
    } finally {
      await store.stop();
    }
  });
});

describe('behind a proxy', () => {
  it('checks the host on the loopback, where pages reach the port without the proxy', async () => {
    const store = await storeOf({ TRACESTORE_CONSOLE_ACCESS: 'proxy', TRACESTORE_ALLOWED_HOSTS: 'traces.example' });
    try {
      const user = 'X-Forwarded-User: ada';
      expect((await send(store, 'GET', '/api/services', ['Host: rebound.example', user])).status).toBe(403);
      expect((await send(store, 'GET', '/api/services', ['Host: traces.example', user])).status).toBe(200);
    } finally {
      await store.stop();
    }
  });
});
