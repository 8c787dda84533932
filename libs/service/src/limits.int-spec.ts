import { once } from 'node:events';
import { get, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, expect, it } from 'vitest';
import type { ServerLimits } from './server-limits.js';
import { createService } from './service.js';

const kibibyte = 1024;
const large = 'x'.repeat(32 * 1024 * kibibyte);

@Controller()
class EchoController {
  @Get()
  ok(): string {
    return 'ok';
  }

  @Get('large')
  large(): string {
    return large;
  }

  @Post()
  length(@Body() body: unknown): string {
    return String(JSON.stringify(body).length);
  }

  @Post('small')
  small(): string {
    return 'small';
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

let app: NestFastifyApplication;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function start(limits: Partial<ServerLimits>): Promise<void> {
  app = await createService({
    name: 'limited',
    description: 'under test',
    module: EchoModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent' },
    limits,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
}

const portOf = (): number => (app.getHttpServer().address() as AddressInfo).port;

function dial(words: string | Buffer): Socket {
  const socket = connect(portOf(), '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  socket.write(words);
  return socket;
}

const head = (headers: string, path = '/'): string =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n\r\n`;

/** All that comes until the connection is closed. */
async function answerOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

const status = async (path = '/'): Promise<number> => (await fetch(`http://127.0.0.1:${portOf()}${path}`)).status;

async function connections(): Promise<number> {
  return new Promise((resolve) =>
    app.getHttpServer().getConnections((_error: unknown, count: number) => resolve(count)),
  );
}

it('a body is bounded, by its route too, whether it is announced or comes in chunks', async () => {
  await start({ bodyBytes: 8 * kibibyte, bodyBytesOf: { '/small': kibibyte } });
  const post = (path: string, bytes: number, chunked: boolean) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`http://127.0.0.1:${portOf()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(chunked ? {} : { 'content-length': bytes }) },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(`"${'x'.repeat(bytes - 2)}"`);
    });
  for (const chunked of [false, true]) {
    expect(await post('/', 8 * kibibyte, chunked)).toBe(201);
    expect(await post('/', 8 * kibibyte + 1, chunked)).toBe(413);
    expect(await post('/small', kibibyte, chunked)).toBe(201);
    expect(await post('/small', kibibyte + 1, chunked)).toBe(413);
  }
});

it('a body that does not come in time ends its connection, however often a piece of it comes', async () => {
  await start({ requestMs: 1_000, headersMs: 1_000 });
  const socket = dial(`${head('content-length: 1000')}"`);
  const trickle = setInterval(() => socket.write('x'), 200);
  try {
    expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 408 /);
  } finally {
    clearInterval(trickle);
  }
});

it('headers that do not come in time end their connection', async () => {
  await start({ requestMs: 10_000, headersMs: 500 });
  const socket = dial('GET / HTTP/1.1\r\n');
  const trickle = setInterval(() => socket.write('a: b\r\n'), 100);
  try {
    expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 408 /);
  } finally {
    clearInterval(trickle);
  }
});

it('a body in tiny pieces is refused, and its connection closed', async () => {
  await start({});
  const socket = dial(head('transfer-encoding: chunked') + '1\r\nx\r\n'.repeat(5_000));
  expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 400 [^]*connection: close[^]*tiny chunks/i);
  expect(await status()).toBe(200);
});

it('unfinished bodies are bounded together, and slow ones give way', async () => {
  await start({ unfinishedBodyBytes: 200 * kibibyte });
  const half = Buffer.alloc(90 * kibibyte, '"');
  const slow = [1, 2].map(() => dial(head(`content-length: ${100 * kibibyte}`)));
  for (const socket of slow) socket.write(half);
  const answers = slow.map(answerOn);
  await sleep(500);
  expect(await answerOn(dial(Buffer.concat([Buffer.from(head(`content-length: ${100 * kibibyte}`)), half])))).toMatch(
    /^HTTP\/1.1 503 [^]*retry-after: 1\r\n/i,
  );
  await sleep(2_000);
  const body = JSON.stringify('x'.repeat(90 * kibibyte));
  const answer = await fetch(`http://127.0.0.1:${portOf()}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(201);
  expect(await Promise.race(answers)).toMatch(/^HTTP\/1.1 503 /);
});

it('there is always room for a new connection: an unused one gives way', async () => {
  await start({ connections: 20, connectionsPerClient: 15 });
  const used = dial('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(used, 'data');
  for (let n = 0; n < 60; n += 1) dial('');
  await sleep(200);
  expect(await status()).toBe(200);
  expect(await connections()).toBeLessThanOrEqual(15);
});

it('a connection with a request that trickles gives way, one with a request that is answered does not', async () => {
  await start({ connections: 20, connectionsPerClient: 15 });
  for (let n = 0; n < 15; n += 1) dial(`${head('content-length: 1000')}"`);
  await sleep(2_200);
  for (let n = 0; n < 5; n += 1) expect(await status()).toBe(200);
});

it('a client that takes nothing of its answer loses its connection', async () => {
  await start({ answerStallMs: 500 });
  const request = get(`http://127.0.0.1:${portOf()}/large`);
  const [response] = await once(request, 'response');
  await expect(
    (async () => {
      await sleep(2_500);
      for await (const _piece of response);
    })(),
  ).rejects.toThrow('aborted');
});

it('responses that clients do not read are limited together: the oldest are cut', async () => {
  await start({ unsentBytes: 100 * 1024 * kibibyte });
  const stalled = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const [response] = await once(get(`http://127.0.0.1:${portOf()}/large`), 'response');
      return response;
    }),
  );
  await sleep(2_500);
  const outcomes = await Promise.allSettled(
    stalled.map(async (response) => {
      let length = 0;
      for await (const piece of response) length += (piece as Buffer).length;
      return length;
    }),
  );
  const cut = outcomes.filter((outcome) => outcome.status === 'rejected').length;
  expect(cut).toBeGreaterThanOrEqual(4);
  expect(cut).toBeLessThan(8);
});
