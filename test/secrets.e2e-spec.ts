import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@spandrel/testing/free-port';
import { describe, expect, it } from 'vitest';

const root = path.dirname(import.meta.dirname);
const secret = 's3cret-of-the-test';
const port = async (): Promise<string> => String(await freePort());
const ports = {
  TRACESTORE_HTTP_PORT: await port(),
  TRACESTORE_OTLP_GRPC_PORT: await port(),
  TRACESTORE_OTLP_HTTP_PORT: await port(),
  TRACESTORE_JAEGER_GRPC_PORT: await port(),
  TRACESTORE_TEMPO_PORT: await port(),
  PORT: await port(),
};

/**
 * Runs a built app, and ends it unless it ends by itself.
 *
 * @param use called with the output
 * @returns its complete output
 */
async function outputOf(
  app: string,
  environment: Readonly<Record<string, string>>,
  use?: (written: () => string) => Promise<void>,
): Promise<string> {
  const child = spawn(process.execPath, [path.join(root, 'dist/apps', app, 'main.js')], {
    cwd: root,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'trace', ...ports, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  try {
    if (use === undefined) await Promise.race([exited, sleep(60_000)]);
    else await use(() => output);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  return output;
}

async function untilReachable(url: string): Promise<void> {
  await expect
    .poll(
      () =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBe(200);
}

/** Waits until the service logs that it cannot use its database. */
async function untilItLogsFailure(written: () => string): Promise<void> {
  await expect
    .poll(written, { timeout: 60_000 })
    .toMatch(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|URI malformed|DATABASE_URL/);
  await sleep(1_000);
}

const badUrls = [
  `postgres://user:p@${secret}@127.0.0.1:99999/x`,
  `host=127.0.0.1 password=${secret}`,
  `mysql://127.0.0.1/x?password=${secret}`,
];
/** Valid URLs of databases that do not exist. */
const unavailableUrls = [
  `postgres://user:${secret}@127.0.0.1:1/x`,
  `postgres://user@127.0.0.1:1/x?password=${secret}`,
  `postgres://user:${secret}%zz@127.0.0.1:1/x`,
  `postgres://user:${secret}@nowhere.invalid/x?sslmode=require`,
];

describe('the output of tracestore', () => {
  it.each(badUrls)('names the variable and not the password for the database %s', async (TRACESTORE_DATABASE_URL) => {
    const output = await outputOf('tracestore', { TRACESTORE_DATABASE_URL });
    expect(output).toContain('TRACESTORE_DATABASE_URL');
    expect(output).not.toContain(secret);
  });

  it('does not show a token with the line break that echo appends', async () => {
    const output = await outputOf('tracestore', { TRACESTORE_CONSOLE_TOKEN: `${secret}\n` });
    expect(output).toContain('TRACESTORE_CONSOLE_TOKEN');
    expect(output).not.toContain(secret);
  });

  it.each(unavailableUrls)('does not show the password of the unavailable database %s', async (url) => {
    const output = await outputOf('tracestore', { TRACESTORE_DATABASE_URL: url }, untilItLogsFailure);
    expect(output).not.toContain(secret);
  });

  it('shows no credentials of requests at any log level', async () => {
    const environment = {
      TRACESTORE_CONSOLE_TOKEN: secret,
      TRACESTORE_DATABASE_URL: 'postgres://user@127.0.0.1:1/x',
    };
    const url = `http://127.0.0.1:${ports.TRACESTORE_HTTP_PORT}`;
    const output = await outputOf('tracestore', environment, async () => {
      await untilReachable(`${url}/livez`);
      const other = 'other-s3cret';
      const headers = { authorization: `Bearer ${secret}`, cookie: `spandrel_session=${other}` };
      for (const request of [
        fetch(`${url}/api/services?token=${other}`, { headers }),
        fetch(`${url}/api/services?access_token=${other}`),
        fetch(`${url}/jaeger/api/services?token=${other}`, { headers }),
        fetch(`${url}/nowhere?key=${other}`, { headers }),
        fetch(`${url}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token: other }),
        }),
        fetch(`${url}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: `{"token":"${other}`,
        }),
      ]) {
        await (await request).text();
      }
      await sleep(500);
    });
    expect(output).toContain('"/api/services"');
    expect(output).not.toContain('s3cret');
  });
});

describe('the output of backend', () => {
  it.each([...badUrls.slice(0, 1), ...unavailableUrls.slice(-1)])(
    'does not show the password of the database %s',
    async (url) => {
      const output = await outputOf('backend', { BACKEND_DATABASE_URL: url }, untilItLogsFailure);
      expect(output).not.toContain(secret);
    },
  );
});

describe('the output of frontend', () => {
  it('does not show the password of an unavailable service', async () => {
    const url = `http://127.0.0.1:${ports.PORT}`;
    const output = await outputOf('frontend', { BACKEND_URL: `http://user:${secret}@127.0.0.1:1` }, async () => {
      await untilReachable(`${url}/livez`);
      await (await fetch(`${url}/numbers`, { method: 'POST' })).text();
      await sleep(500);
    });
    expect(output).toContain('/numbers');
    expect(output).not.toContain(secret);
  });

  it('does not show the password of a malformed URL', async () => {
    const output = await outputOf('frontend', { BACKEND_URL: `ftp://user:${secret}@127.0.0.1:1` });
    expect(output).toContain('BACKEND_URL');
    expect(output).not.toContain(secret);
  });
});
