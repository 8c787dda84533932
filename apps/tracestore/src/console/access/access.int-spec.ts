import { request } from 'node:http';
import { EnvironmentError } from '@spandrel/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../../config/tracestore.config.js';

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
  const { access, console, jaegerHttpAccess } = readTracestoreConfig(variables);
  const store = await startTracestore(database.url, { access, console, jaegerHttpAccess });
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
      expect(cookie).toMatch(
        /^spandrel_session=[\w-]{43}\.[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
      );
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

/** Signs in. @returns the headers of a request of the session */
async function signIn(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly cookie: string; readonly setCookie: string }> {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
  expect(response.status).toBe(204);
  const setCookie = response.headers.get('set-cookie') ?? '';
  return { cookie: setCookie.split(';')[0] ?? '', setCookie };
}

describe('a session', () => {
  const variables = { TRACESTORE_CONSOLE_TOKEN: token };

  it('is another at each sign-in, holds at every store of the database, and ends at all of them with its sign-out', async () => {
    await withStore(variables, async (first) => {
      await withStore(variables, async (second) => {
        const [{ cookie }, { cookie: other }] = [await signIn(first.url), await signIn(first.url)];
        expect(cookie).not.toBe(other);
        expect(await statusOf(`${second.url}/api/services`, { cookie })).toBe(200);
        const signOut = await fetch(`${first.url}/api/session`, { method: 'DELETE', headers: { cookie } });
        expect(signOut.status).toBe(204);
        expect(signOut.headers.get('set-cookie')).toMatch(
          /^spandrel_session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/,
        );
        for (const { url } of [first, second]) {
          expect(await statusOf(`${url}/api/services`, { cookie })).toBe(401);
          expect(await statusOf(`${url}/api/services`, { cookie: other })).toBe(200);
        }
      });
    });
  });

  it('is not kept in a form that could be used', async () => {
    await withStore(variables, async ({ url }) => {
      const { cookie } = await signIn(url);
      const [row] = await queryOnce<{ content: string }>(
        database.url,
        "SELECT string_agg(s::text || encode(id_digest, 'escape'), '') AS content FROM tracestore.console_session s",
      );
      const [id = '', proof = ''] = cookie.split('=')[1]?.split('.') ?? [];
      expect(id).toHaveLength(43);
      expect(row?.content).not.toContain(id);
      expect(row?.content).not.toContain(Buffer.from(id, 'base64url').toString('hex'));
      expect(row?.content).not.toContain(proof);
      expect(row?.content).not.toContain(token);
    });
  });

  it.each([
    ['its lifetime is over', "expires_at = now() - interval '1 second'"],
    ['it was not used for long', "last_used_at = now() - interval '25 hours'"],
  ])('ends when %s', async (_, change) => {
    await withStore(variables, async ({ url }) => {
      const { cookie } = await signIn(url);
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(200);
      await queryOnce(database.url, `UPDATE tracestore.console_session SET ${change}`);
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(401);
      // The next sign-in deletes what is over.
      await signIn(url);
      const rows = await queryOnce(database.url, 'SELECT FROM tracestore.console_session');
      expect(rows).toHaveLength(1);
    });
  });

  it('goes on while it is used', async () => {
    await withStore(variables, async ({ url }) => {
      const { cookie } = await signIn(url);
      await queryOnce(database.url, "UPDATE tracestore.console_session SET last_used_at = now() - interval '23 hours'");
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(200);
      const [row] = await queryOnce<{ is_fresh: boolean }>(
        database.url,
        "SELECT bool_or(last_used_at > now() - interval '1 minute') AS is_fresh FROM tracestore.console_session",
      );
      expect(row?.is_fresh).toBe(true);
    });
  });

  it('ends with the token that it began with', async () => {
    let cookie = '';
    await withStore(variables, async ({ url }) => {
      ({ cookie } = await signIn(url));
    });
    await withStore({ TRACESTORE_CONSOLE_TOKEN: `${token}-2` }, async ({ url }) => {
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(401);
    });
    await withStore(variables, async ({ url }) => {
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(200);
    });
  });

  it('lasts as long as the configuration says, and its cookie is for https alone behind a proxy that has it', async () => {
    await withStore({ ...variables, TRACESTORE_SESSION_LIFETIME: '8h' }, async ({ url }) => {
      const { setCookie } = await signIn(url, { 'x-forwarded-proto': 'https, http' });
      expect(setCookie).toMatch(/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure$/);
    });
  });

  it('cannot be checked without the database, which a token and a made-up session do not need', async () => {
    let cookie = '';
    await withStore(variables, async ({ url }) => {
      ({ cookie } = await signIn(url));
    });
    const { console } = readTracestoreConfig(variables);
    const store = await startTracestore('postgres://nobody@127.0.0.1:1/none', { console });
    try {
      const response = await fetch(`${store.url}/api/system`, { headers: { cookie } });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await statusOf(`${store.url}/api/system`, { authorization: `Bearer ${token}` })).toBe(200);
      for (const forged of [cookie.slice(0, -1), `spandrel_session=${'x'.repeat(43)}.${'y'.repeat(43)}`]) {
        expect(await statusOf(`${store.url}/api/system`, { cookie: forged })).toBe(401);
      }
    } finally {
      await store.stop();
    }
  });
});

describe('wrong tokens', () => {
  const asBearer = (url: string, given: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/services`, { headers: { authorization: `Bearer ${given}`, ...headers } });
  const toSignIn = (url: string, given: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ token: given }),
    });

  it.each([
    ['as a bearer', asBearer],
    ['to sign in', toSignIn],
  ])('%s are refused after some, with a time to wait, and sessions go on', async (_, attempt) => {
    await withStore({ TRACESTORE_CONSOLE_TOKEN: token }, async ({ url }) => {
      const { cookie } = await signIn(url);
      const statuses = [];
      for (let time = 0; time < 12; time += 1) statuses.push((await attempt(url, `wrong-token-${time}`)).status);
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
      const refused = await attempt(url, token);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(await statusOf(`${url}/api/services`, { cookie })).toBe(200);
      const jaeger = await fetch(`${url}/jaeger/api/services`, { headers: { authorization: `Bearer ${token}` } });
      expect(jaeger.status).toBe(429);
      expect(jaeger.headers.has('retry-after')).toBe(true);
    });
  });

  it('of one client behind a trusted proxy do not lock out another', async () => {
    const variables = { TRACESTORE_CONSOLE_TOKEN: token, TRACESTORE_TRUSTED_PROXIES: '127.0.0.1, ::1' };
    await withStore(variables, async ({ url }) => {
      const attacker = { 'x-forwarded-for': '192.0.2.66' };
      for (let time = 0; time < 11; time += 1) await toSignIn(url, 'wrong-token', attacker);
      expect((await toSignIn(url, token, attacker)).status).toBe(429);
      expect((await toSignIn(url, token, { 'x-forwarded-for': '192.0.2.67' })).status).toBe(204);
    });
  });

  it('count for the connection, whatever address it claims, without a trusted proxy', async () => {
    await withStore({ TRACESTORE_CONSOLE_TOKEN: token }, async ({ url }) => {
      for (let time = 0; time < 11; time += 1) {
        await toSignIn(url, 'wrong-token', { 'x-forwarded-for': `192.0.2.${time}` });
      }
      expect((await toSignIn(url, token, { 'x-forwarded-for': '192.0.2.99' })).status).toBe(429);
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
  it('requires a token, or an explicit decision, where other machines reach the console', () => {
    const read = (variables: Readonly<Record<string, string>>) =>
      readTracestoreConfig({ TRACESTORE_HOST: '0.0.0.0', ...variables }).console.access;
    expect(() => read({})).toThrow(EnvironmentError);
    expect(() => read({})).toThrow(/TRACESTORE_CONSOLE_TOKEN must be set[^]*TRACESTORE_CONSOLE_ACCESS/);
    expect(() => read({ TRACESTORE_CONSOLE_ACCESS: 'token' })).toThrow('TRACESTORE_CONSOLE_TOKEN must be set');
    expect(() => read({ TRACESTORE_CONSOLE_TOKEN: 'short' })).toThrow('16 or more');
    expect(read({ TRACESTORE_CONSOLE_ACCESS: 'none' })).toEqual({ kind: 'none' });
    expect(read({ TRACESTORE_CONSOLE_TOKEN: token })).toEqual({ kind: 'token', token });
    expect(read({ TRACESTORE_HOST: 'localhost' })).toEqual({ kind: 'none' });
    expect(read({ TRACESTORE_HOST: '::1' })).toEqual({ kind: 'none' });
  });
});
