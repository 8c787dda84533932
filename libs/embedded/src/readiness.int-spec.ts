import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { untilServiceReady } from './readiness.ts';

let server: Server | undefined;

afterEach(() => void server?.close());

/** A service whose /readyz answers 503 with a problem, and 200 after some time. */
async function startService(code: string, readyAfterMs: number): Promise<string> {
  const readyAtMs = Date.now() + readyAfterMs;
  server = createServer((_request, response) => {
    if (Date.now() >= readyAtMs) response.end('{}');
    else response.writeHead(503).end(JSON.stringify({ problems: [{ code, message: 'not yet' }] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const runs = { exited: new Promise<never>(() => undefined) };

it('waiting for a service goes on beyond its time limit while the service migrates', async () => {
  const waiting = untilServiceReady(await startService('migrating', 1_500), runs, undefined, 500);
  await expect(waiting).resolves.toBeUndefined();
});

it('waiting for a service ends at its time limit for any other reason', async () => {
  const waiting = untilServiceReady(await startService('sign-in', 60_000), runs, undefined, 500);
  await expect(waiting).rejects.toThrow('"code":"sign-in"');
});
