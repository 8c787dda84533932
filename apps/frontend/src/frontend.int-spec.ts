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

async function startBackend(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return server;
}

async function startFrontend(backend: Server): Promise<NestFastifyApplication> {
  const { port } = backend.address() as AddressInfo;
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

const answer =
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
    const app = await startFrontend(await startBackend(answer(201, number)));
    expect(await postNumber(app)).toMatchObject({ status: 201, body: number });
  });

  it('passes the limit on, 100 by default', async () => {
    const asked: (string | undefined)[] = [];
    const app = await startFrontend(
      await startBackend((request, response) => {
        asked.push(request.url);
        answer(200, [number])(request, response);
      }),
    );
    expect(await (await fetch(`${await app.getUrl()}/numbers?limit=3`)).json()).toEqual([number]);
    await fetch(`${await app.getUrl()}/numbers`);
    expect(asked).toEqual(['/numbers?limit=3', '/numbers?limit=100']);
  });

  it.each(['0', '1001', 'x', '1.5'])('refuses limit=%s without a request to backend', async (limit) => {
    let asked = 0;
    const app = await startFrontend(await startBackend(() => (asked += 1)));
    const response = await fetch(`${await app.getUrl()}/numbers?limit=${limit}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      status: 400,
      title: 'Bad Request',
      detail: expect.stringMatching(/^limit: /),
    });
    expect(asked).toBe(0);
  });

  it('responds with 504 if backend is slow, and does not write twice', async () => {
    let asked = 0;
    const app = await startFrontend(await startBackend(() => (asked += 1)));
    expect(await postNumber(app)).toMatchObject({
      status: 504,
      type: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:spandrel:problem:backend-timeout', status: 504, instance: '/numbers' },
    });
    expect(asked).toBe(1);
  });

  it('responds with 503 if nothing listens at the address of backend', async () => {
    const backend = await startBackend(answer(201, number));
    const app = await startFrontend(backend);
    backend.close();
    await once(backend, 'close');
    expect(await postNumber(app)).toMatchObject({
      status: 503,
      body: { type: 'urn:spandrel:problem:backend-unavailable' },
    });
  });

  it('responds with 503 if backend does', async () => {
    const app = await startFrontend(await startBackend(answer(503, { title: 'no database' })));
    expect(await postNumber(app)).toMatchObject({
      status: 503,
      body: { type: 'urn:spandrel:problem:backend-unavailable' },
    });
  });

  it.each([
    ['a fault of its own', answer(500, { stack: 'secret' })],
    ['a body of another shape', answer(201, { value: 'a word' })],
    ['no JSON', ((_request, response) => response.writeHead(201).end('<html>')) satisfies RequestListener],
    ['a connection that breaks', ((request) => request.socket.destroy()) satisfies RequestListener],
    [
      'a redirect',
      ((_request, response) => response.writeHead(302, { location: '/' }).end()) satisfies RequestListener,
    ],
  ])('turns %s into 502 and keeps what backend said to itself', async (_what, listener) => {
    const app = await startFrontend(await startBackend(listener));
    const { status, body } = await postNumber(app);
    expect(status).toBe(502);
    expect(body).toMatchObject({ type: 'urn:spandrel:problem:backend-bad-response', status: 502 });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('describes itself in OpenAPI', async () => {
    const app = await startFrontend(await startBackend(answer(200, [])));
    const document = (await (await fetch(`${await app.getUrl()}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    expect(Object.keys(document.paths)).toEqual(['/numbers']);
    expect(JSON.stringify(document.paths['/numbers']?.['post']?.responses)).toContain('createdAt');
  });
});
