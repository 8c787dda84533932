import { connect } from 'node:net';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { text as textOf } from 'node:stream/consumers';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { callGrpc, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTracestoreConfig } from '../config/tracestore.config.js';
import {
  SearchRequestSchema,
  type SearchResponse,
  SearchResponseSchema,
  StreamingQuerier,
} from '../gen/tempopb/tempo_pb.js';

const token = 'a-token-of-more-than-16-letters';

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  const { access, console, tempoAccess } = readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
  store = await startTracestore(database.url, { access, console, tempoAccess });
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([goodSpan()])));
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

const basic = (password: string): string => `Basic ${Buffer.from(`grafana:${password}`).toString('base64')}`;

/** How Grafana can send the token. */
const credentials: readonly Readonly<Record<string, string>>[] = [
  { authorization: `Bearer ${token}` },
  { authorization: basic(token) },
  { 'x-tracestore-token': token },
  { authorization: basic('of-an-ingress'), 'x-tracestore-token': token },
];

const wrong: readonly Readonly<Record<string, string>>[] = [
  {},
  { authorization: token },
  { authorization: basic('') },
  { cookie: `spandrel_session=${token}` },
];

const search = `/${StreamingQuerier.typeName}/SearchTags`;

async function grpcStatus(path: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return (await callGrpc(store.tempoAddress, [grpcFrame(Buffer.alloc(0))], { headers: { ':path': path, ...headers } }))
    .grpcStatus;
}

/** The whole response to bytes on a connection of their own. */
async function raw(...pieces: readonly string[]): Promise<string> {
  const [host = '', port = ''] = store.tempoAddress.split(':');
  const socket = connect(Number(port), host);
  const response = textOf(socket);
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return response;
}

/** The type of a frame of HTTP/2 (RFC 9113, section 6.5). */
const settingsFrame = 4;

/** The type of the first frame that the server sends. */
async function firstFrame(...pieces: readonly string[]): Promise<number | undefined> {
  const [host = '', port = ''] = store.tempoAddress.split(':');
  const socket = connect(Number(port), host);
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes[3];
}

describe('the port of Tempo', () => {
  it('speaks HTTP/1.1 and gRPC, to any client that has the token', async () => {
    for (const headers of credentials) {
      const response = await fetch(`http://${store.tempoAddress}/api/echo`, { headers });
      expect([response.status, await response.text()], JSON.stringify(headers)).toEqual([200, 'echo']);
      expect(await grpcStatus(search, headers), JSON.stringify(headers)).toBe(status.OK);
    }
  });

  it('refuses clients without the token, with a text and with UNAUTHENTICATED', async () => {
    for (const headers of wrong) {
      const response = await fetch(`http://${store.tempoAddress}/api/echo`, { headers });
      expect([response.status, response.headers.get('content-type')]).toEqual([401, 'text/plain; charset=utf-8']);
      expect(await response.text()).toMatch(/token/);
      expect(await grpcStatus(search, headers)).toBe(status.UNAUTHENTICATED);
    }
  });

  it('says without the token whether it is ready', async () => {
    const response = await fetch(`http://${store.tempoAddress}/ready`);
    expect([response.status, await response.text()]).toEqual([200, 'ready']);
    expect(await grpcStatus('/grpc.health.v1.Health/Check', {})).toBe(status.OK);
  });

  it('has no other routes than those of Tempo', async () => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
    for (const path of ['/', '/api/services', '/livez', '/metrics', '/jaeger/api/services', '/../api/services']) {
      const response = await fetch(`http://${store.tempoAddress}${path}`, { headers });
      expect([path, response.status]).toEqual([path, 404]);
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
    const target = `GET http://localhost/api/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
    expect(await raw(target)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*echo$/);
  });

  it('serves a connection whose first bytes arrive one by one', async () => {
    const request = `GET /api/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
    expect(await raw('G', 'E', request.slice(2))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*echo$/);
    expect(await raw('P', 'R', 'OPFIND / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 40/,
    );
    expect(await firstFrame('P', 'R', 'I * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\0\0\0\x04\0\0\0\0\0')).toBe(settingsFrame);
  });

  it('answers a malformed request with 400 and closes the connection', async () => {
    expect(await raw('NOT HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('refuses pages of other sites', async () => {
    const headers = {
      authorization: `Bearer ${token}`,
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    };
    expect((await fetch(`http://${store.tempoAddress}/api/echo`, { headers })).status).toBe(403);
  });

  it('closes the connections of both protocols when the store stops', async () => {
    const { access, console, tempoAccess } = readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
    const other = await startTracestore(database.url, { access, console, tempoAccess });
    const session = connectHttp2(`http://${other.tempoAddress}`);
    await once(session, 'remoteSettings');
    const [host = '', port = ''] = other.tempoAddress.split(':');
    const idle = connect(Number(port), host);
    idle.write('GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const closed = Promise.all([once(session, 'close'), once(idle, 'close')]);
    await other.stop();
    await expect(closed).resolves.toHaveLength(2);
  });

  it('divides a long response into messages that clients accept', async () => {
    for (let n = 1; n <= 4; n += 1) {
      const big = goodSpan({
        traceId: hexBytes(String(n).padStart(32, '9')),
        attributes: [text('big', 'x'.repeat(600_000))],
      });
      await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([big])));
    }
    const request = create(SearchRequestSchema, { Query: '{ span.big != nil } | select(span.big)' });
    const headers = { ':path': `/${StreamingQuerier.typeName}/Search`, authorization: `Bearer ${token}` };
    const frame = grpcFrame(toBinary(SearchRequestSchema, request));
    const { grpcStatus: code, message } = await callGrpc(store.tempoAddress, [frame], { headers });
    expect(code).toBe(status.OK);
    const messages: SearchResponse[] = [];
    for (let at = 0; at < message.length;) {
      const end = at + 5 + message.readUInt32BE(at + 1);
      messages.push(fromBinary(SearchResponseSchema, new Uint8Array(message.subarray(at + 5, end))));
      at = end;
    }
    expect(messages.length).toBeGreaterThan(2);
    expect(messages.flatMap(({ traces }) => traces.map(({ traceID }) => traceID)).toSorted()).toEqual(
      [1, 2, 3, 4].map((n) => String(n).padStart(32, '9')),
    );
    expect(messages.every(({ metrics }) => metrics?.completedJobs === 1)).toBe(true);
  });

  it('counts its queries by protocol', async () => {
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`http://${store.tempoAddress}/api/search/tags`, { headers });
    const metrics = await (await fetch(`${store.url}/metrics`)).text();
    for (const protocol of ['tempo-http', 'tempo-grpc']) {
      expect(metrics).toMatch(
        new RegExp(`tracestore_query_duration_seconds_count\\{protocol="${protocol}",kind="names"\\} [1-9]`),
      );
    }
  });

  it('lets a client guess as rarely as the console does', async () => {
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 100 && !statuses.has(429); attempt += 1) {
      const headers = { authorization: basic(`wrong-${attempt}`) };
      statuses.add((await fetch(`http://${store.tempoAddress}/api/echo`, { headers })).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
  });
});
