import { request } from 'node:http';
import { EnvironmentError } from '@spandrel/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '../../../../../test/fresh-database.js';
import { type RunningTracestore, startTracestore } from '../../../test/running-tracestore.js';
import { readTracestoreConfig } from '../../tracestore.config.js';

const token = 'a token of 24 letters at least'.replaceAll(' ', '-');

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
});

afterAll(async () => {
  await database.drop();
});

async function withStore(
  variables: Readonly<Record<string, string>>,
  use: (store: RunningTracestore) => Promise<void>,
): Promise<void> {
  const { console, jaegerHttpAccess } = readTracestoreConfig(variables);
  const store = await startTracestore(database.url, { console, jaegerHttpAccess });
  try {
    await use(store);
  } finally {
    await store.stop();
  }
}

/** The status for a request with headers that fetch does not let one set. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('with a token', () => {
  it('lets in whoever has it, as a bearer or signed in', async () => {
    await withStore({ TRACESTORE_CONSOLE_TOKEN: token }, async ({ url }) => {
      const get = (headers: Record<string, string>) => statusOf(`${url}/api/services`, headers);
      expect(await get({})).toBe(401);
      expect(await get({ authorization: `Bearer ${token}` })).toBe(200);
      expect(await get({ authorization: `Bearer ${token}x` })).toBe(401);
      expect(await get({ cookie: `spandrel_session=${token}` })).toBe(401);
      const signIn = (given: string) =>
        fetch(`${url}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token: given }),
        });
      expect((await signIn('wrong')).status).toBe(401);
      const signedIn = await signIn(token);
      expect(signedIn.status).toBe(204);
      const cookie = signedIn.headers.get('set-cookie') ?? '';
      expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
      expect(cookie).not.toContain(token);
      const session = { cookie: `other=1; ${cookie.split(';')[0] ?? ''}` };
      expect(await get(session)).toBe(200);
      expect(await (await fetch(`${url}/api/session`, { headers: session })).json()).toEqual({
        access: 'token',
        isSignedIn: true,
        user: null,
      });
      // Probes and metrics are for the cluster.
      expect(await statusOf(`${url}/readyz`, {})).toBe(200);
      expect(await statusOf(`${url}/metrics`, {})).toBe(200);
      // Jaeger's APIs give out the same traces.
      for (const path of ['api/services', 'api/v3/services']) {
        expect(await statusOf(`${url}/jaeger/${path}`, {})).toBe(401);
        expect(await statusOf(`${url}/jaeger/${path}`, { authorization: `Bearer ${token}` })).toBe(200);
      }
    });
    const open = { TRACESTORE_CONSOLE_TOKEN: token, TRACESTORE_JAEGER_HTTP_ACCESS: 'none' };
    await withStore(open, async ({ url }) => {
      expect(await statusOf(`${url}/jaeger/api/services`, {})).toBe(200);
      expect(await statusOf(`${url}/api/services`, {})).toBe(401);
    });
  });
});

describe('behind a proxy', () => {
  it('believes who it says asks', async () => {
    await withStore(
      { TRACESTORE_CONSOLE_ACCESS: 'proxy', TRACESTORE_CONSOLE_USER_HEADER: 'X-Auth-Request-Email' },
      async ({ url }) => {
        expect(await statusOf(`${url}/api/services`, {})).toBe(401);
        const response = await fetch(`${url}/api/session`, { headers: { 'x-auth-request-email': 'a@b.c' } });
        expect(await response.json()).toEqual({ access: 'proxy', isSignedIn: true, user: 'a@b.c' });
      },
    );
  });
});

describe('without any', () => {
  it('is for this machine, and not for pages of other sites', async () => {
    await withStore({}, async ({ url }) => {
      const get = (headers: Record<string, string>) => statusOf(`${url}/api/services`, headers);
      expect(await get({})).toBe(200);
      expect(await get({ 'sec-fetch-site': 'same-origin' })).toBe(200);
      expect(await get({ 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await get({ 'sec-fetch-site': 'same-origin', host: 'rebound.example:8080' })).toBe(403);
      expect(await get({ 'sec-fetch-site': 'same-origin', host: 'localhost:8080' })).toBe(200);
      expect(await get({ origin: 'http://rebound.example', host: 'rebound.example' })).toBe(403);
    });
  });
});

describe('the configuration', () => {
  it('does not open the console to others unless told so', () => {
    const read = (variables: Readonly<Record<string, string>>) =>
      readTracestoreConfig({ TRACESTORE_HOST: '0.0.0.0', ...variables }).console.access;
    expect(() => read({})).toThrow(EnvironmentError);
    expect(() => read({})).toThrow(/TRACESTORE_CONSOLE_TOKEN is not set[^]*TRACESTORE_CONSOLE_ACCESS/);
    expect(() => read({ TRACESTORE_CONSOLE_ACCESS: 'token' })).toThrow('TRACESTORE_CONSOLE_TOKEN is not set');
    expect(() => read({ TRACESTORE_CONSOLE_TOKEN: 'short' })).toThrow('16 characters');
    expect(read({ TRACESTORE_CONSOLE_ACCESS: 'none' })).toEqual({ kind: 'none' });
    expect(read({ TRACESTORE_CONSOLE_TOKEN: token })).toEqual({ kind: 'token', token });
    expect(read({ TRACESTORE_HOST: 'localhost' })).toEqual({ kind: 'none' });
    expect(read({ TRACESTORE_HOST: '::1' })).toEqual({ kind: 'none' });
  });
});
