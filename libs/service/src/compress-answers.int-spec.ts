import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, createBrotliDecompress, createGunzip, gunzipSync } from 'node:zlib';
import { Controller, Get, Module, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendJsonParts } from './json-answer.js';
import { createService } from './service.js';

const numbers = Array.from({ length: 20_000 }, (_, n) => n);
let goOn: (() => void) | undefined;
let isAbandoned = false;

@Controller()
class NumbersController {
  @Get('api/numbers')
  numbers(): readonly number[] {
    return numbers;
  }

  @Get('api/small')
  small(): { readonly is: string } {
    return { is: 'small' };
  }

  @Get('other')
  other(): readonly number[] {
    return numbers;
  }

  @Get('api/parts')
  async parts(@Res() reply: FastifyReply): Promise<void> {
    await sendJsonParts(reply, parts());
  }

  @Get('api/broken')
  async broken(@Res() reply: FastifyReply): Promise<void> {
    await sendJsonParts(reply, brokenParts());
  }
}

async function* parts(): AsyncGenerator<string, void, undefined> {
  try {
    yield '["first"';
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    yield ',"second"]';
  } finally {
    isAbandoned = true;
  }
}

async function* brokenParts(): AsyncGenerator<string, void, undefined> {
  yield '["first"';
  await new Promise<void>((resolve) => {
    goOn = resolve;
  });
  throw new Error('the database is gone');
}

@Module({ controllers: [NumbersController] })
class NumbersModule {}

let app: NestFastifyApplication;

beforeAll(async () => {
  app = await createService({
    name: 'compressing',
    description: 'under test',
    module: NumbersModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent' },
    compressedPaths: ['/api/'],
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

async function request(path: string, encoding?: string): Promise<IncomingMessage> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const headers = encoding === undefined ? {} : { 'accept-encoding': encoding };
  const [response] = (await once(get({ port, path, headers }), 'response')) as [IncomingMessage];
  return response;
}

const decoders = { br: brotliDecompressSync, gzip: gunzipSync };

it.each(['br', 'gzip'] as const)('an answer is compressed with %s if the client accepts it', async (encoding) => {
  const response = await request('/api/numbers', encoding);
  const body = await buffer(response);
  expect(response.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
  const plain = decoders[encoding](body);
  expect(JSON.parse(plain.toString())).toEqual(numbers);
  expect(body.length).toBeLessThan(plain.length / 2);
  expect(response.headers['content-length'] ?? String(body.length)).toBe(String(body.length));
});

it.each([
  ['/api/numbers', undefined],
  ['/api/numbers', 'br;q=0'],
  ['/api/small', 'br'],
  ['/other', 'br'],
])('an answer is sent as it is: %s with Accept-Encoding %j', async (path, encoding) => {
  const response = await request(path, encoding);
  expect(response.headers['content-encoding']).toBeUndefined();
  JSON.parse((await buffer(response)).toString());
});

it.each([
  ['br', createBrotliDecompress],
  ['gzip', createGunzip],
] as const)('a client gets the first part of a stream with %s before the next is made', async (encoding, decoder) => {
  const response = await request('/api/parts', encoding);
  expect(response.headers['content-encoding']).toBe(encoding);
  const text = response.pipe(decoder()).setEncoding('utf8');
  const [first] = (await once(text, 'data')) as [string];
  expect(first).toBe('["first"');
  goOn?.();
  const [second] = (await once(text, 'data')) as [string];
  expect(second).toBe(',"second"]');
});

it('a stream that fails breaks the connection, so that no client takes the part for the whole', async () => {
  const response = await request('/api/broken', 'br');
  await once(response, 'data');
  goOn?.();
  await expect(buffer(response)).rejects.toThrow('aborted');
});

it('a client that leaves ends the stream', async () => {
  isAbandoned = false;
  const response = await request('/api/parts', 'br');
  await once(response, 'data');
  response.destroy();
  // The generator waits for its next part, after which it sees that nobody reads.
  goOn?.();
  await expect.poll(() => isAbandoned).toBe(true);
});
