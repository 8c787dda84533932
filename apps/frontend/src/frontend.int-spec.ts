import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createService } from '@spandrel/service';
import { afterEach, describe, expect, it } from 'vitest';
import { FrontendModule } from './frontend.module.js';

const backendTimeoutMs = 300;
const number = { id: '7', value: 42, createdAt: '2026-01-02T03:04:05.678Z' };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** @param listener gets every request but the first one of frontend, which only opens the connection */
async function startBackend(listener: RequestListener): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/livez') response.end();
    else void listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return server;
}

async function startFrontend(
  backend: Server,
  port = (backend.address() as AddressInfo).port,
): Promise<NestFastifyApplication> {
  const app = await createService({
    name: 'frontend',
    description: 'under test',
    module: FrontendModule.forRoot({
      BACKEND_URL: `http://127.0.0.1:${port}`,
      BACKEND_TIMEOUT_MS: backendTimeoutMs,
    }),
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent' },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  open.push(app);
  return app;
}

const respondWith =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

async function postNumber(
  app: NestFastifyApplication,
): Promise<{ status: number; type: string | null; body: unknown }> {
  const response = await fetch(`${await app.getUrl()}/numbers`, { method: 'POST' });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}

describe('frontend', () => {
  it('returns the number that backend has drawn', async () => {
    const app = await startFrontend(await startBackend(respondWith(201, number)));
    expect(await postNumber(app)).toMatchObject({ status: 201, body: number });
  });

  it('passes the limit to backend, 100 by default', async () => {
    const urls: (string | undefined)[] = [];
    const app = await startFrontend(
      await startBackend((request, response) => {
        urls.push(request.url);
        respondWith(200, [number])(request, response);
      }),
    );
    expect(await (await fetch(`${await app.getUrl()}/numbers?limit=3`)).json()).toEqual([number]);
    await fetch(`${await app.getUrl()}/numbers`);
    expect(urls).toEqual(['/numbers?limit=3', '/numbers?limit=100']);
  });

  it.each(['0', '1001', 'x', '1.5'])('rejects limit=%s without calling backend', async (limit) => {
    let requests = 0;
    const app = await startFrontend(await startBackend(() => (requests += 1)));
    const response = await fetch(`${await app.getUrl()}/numbers?limit=${limit}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      status: 400,
      title: 'Bad Request',
      detail: expect.stringMatching(/^limit: /),
    });
    expect(requests).toBe(0);
  });

  it('responds with 504 after the timeout of backend, without a retry', async () => {
    let requests = 0;
    const app = await startFrontend(await startBackend(() => (requests += 1)));
    expect(await postNumber(app)).toMatchObject({
      status: 504,
      type: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:spandrel:problem:backend-timeout', status: 504, instance: '/numbers' },
    });
    expect(requests).toBe(1);
  });

  it('responds with 503 when backend is down', async () => {
    const backend = await startBackend(respondWith(201, number));
    const app = await startFrontend(backend);
    backend.close();
    await once(backend, 'close');
    expect(await postNumber(app)).toMatchObject({
      status: 503,
      body: { type: 'urn:spandrel:problem:backend-unavailable' },
    });
  });

  it('responds with 503 when backend responds with 503', async () => {
    const app = await startFrontend(await startBackend(respondWith(503, { title: 'no database' })));
    expect(await postNumber(app)).toMatchObject({
      status: 503,
      body: { type: 'urn:spandrel:problem:backend-unavailable' },
    });
  });

  it.each([
    ['status 500', respondWith(500, { stack: 'secret' })],
    ['a body with an invalid value', respondWith(201, { value: 'a word' })],
    ['invalid JSON', ((_request, response) => response.writeHead(201).end('<html>')) satisfies RequestListener],
    ['a broken connection', ((request) => request.socket.destroy()) satisfies RequestListener],
    [
      'a redirect',
      ((_request, response) => response.writeHead(302, { location: '/' }).end()) satisfies RequestListener,
    ],
  ])('responds with 502 to %s of backend, without the details', async (_what, listener) => {
    const app = await startFrontend(await startBackend(listener));
    const { status, body } = await postNumber(app);
    expect(status).toBe(502);
    expect(body).toMatchObject({ type: 'urn:spandrel:problem:backend-bad-response', status: 502 });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('has a connection to backend before its first request', async () => {
    const backend = await startBackend(respondWith(201, number));
    let connections = 0;
    backend.on('connection', () => (connections += 1));
    await startFrontend(backend);
    expect(connections).toBe(1);
  });

  it('starts while backend is down', async () => {
    const backend = await startBackend(respondWith(201, number));
    const { port } = backend.address() as AddressInfo;
    backend.close();
    await once(backend, 'close');
    const app = await startFrontend(backend, port);
    expect(await postNumber(app)).toMatchObject({ status: 503 });
  });

  it('describes its endpoints in OpenAPI', async () => {
    const app = await startFrontend(await startBackend(respondWith(200, [])));
    const document = (await (await fetch(`${await app.getUrl()}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    expect(Object.keys(document.paths)).toEqual(['/numbers']);
    expect(JSON.stringify(document.paths['/numbers']?.['post']?.responses)).toContain('createdAt');
  });
});
