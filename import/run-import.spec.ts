import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FigureCounter } from './figures.ts';
import { OtlpSender, retryAfterMs } from './otlp-sender.ts';
import { runImport, type SourceItem } from './run-import.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Respond = (body: string, response: ServerResponse, request: IncomingMessage) => void;

/** A store that answers with `respond`. @returns its URL */
async function startStore(respond: Respond): Promise<string> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (text: Buffer) => (body += text.toString()));
    request.on('end', () => respond(body, response, request));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
}

/** Sends items and returns what came of it. */
async function importItems(url: string, items: readonly SourceItem[], giveUpMs = 5_000, stop = new AbortController()) {
  const positions: unknown[] = [];
  const waits: string[] = [];
  const counter = new FigureCounter();
  const source = {
    place: '',
    async *read() {
      yield* items;
    },
  };
  const sender = new OtlpSender({
    url,
    headers: { 'x-tenant': 'a' },
    giveUpMs,
    signal: new AbortController().signal,
    onWait: (reason) => waits.push(reason),
  });
  const onAnswered = (position: unknown): void => void positions.push(position);
  const run = runImport({ source, sender, counter, onAnswered, stop: stop.signal });
  const outcome = await run.catch((error: unknown) => error);
  return { outcome, positions, waits, figures: counter.figures() };
}

const request = (body: string, spans = 1): SourceItem => ({
  request: { body, encoding: 'json', spans },
  position: body,
});
const ok = (response: ServerResponse, body = '{}'): void =>
  void response.setHeader('content-type', 'application/json').end(body);

describe('an import', () => {
  it('repeats what the store is too busy for, after the time that the store says, and counts it once', async () => {
    const seen: string[] = [];
    const url = await startStore((body, response, { headers }) => {
      seen.push(`${body} ${headers['x-tenant']}`);
      if (seen.length === 1) response.writeHead(429, { 'retry-after': '0' }).end('{"message":"busy"}');
      else if (seen.length === 2) response.writeHead(503, { 'retry-after': '0' }).end('<html>');
      else ok(response);
    });
    const { outcome, waits, figures } = await importItems(url, [request('{"a":1}', 5)]);
    expect(outcome).toBe(true);
    expect(seen).toEqual(['{"a":1} a', '{"a":1} a', '{"a":1} a']);
    expect(waits).toEqual(['429 busy', '503 <html>']);
    expect(figures).toMatchObject({ read: 5, stored: 5, alreadyThere: 0, rejected: 0, requests: 1 });
  });

  it('counts what was there before, rejected spans and refused requests with their reasons', async () => {
    const url = await startStore((body, response) => {
      if (body === 'known') ok(response.setHeader('tracestore-stored-before', 'true'));
      else if (body === 'partial')
        ok(response, '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"trace_id is all zeros"}}');
      else response.writeHead(400, { 'content-type': 'application/json' }).end('{"code":3,"message":"not OTLP"}');
    });
    const items = [request('known', 3), request('partial', 10), request('bad', 4)];
    const { figures } = await importItems(url, [...items, { rejected: { spans: 1, reason: 'no id' } }]);
    expect(figures).toMatchObject({
      read: 18,
      stored: 8,
      alreadyThere: 3,
      rejected: 7,
      reasons: { 'trace_id is all zeros': 2, '400 not OTLP': 4, 'no id': 1 },
    });
  });

  it('goes on only after requests before which everything has an answer', async () => {
    let answerFirst = (): void => undefined;
    const url = await startStore((body, response) => {
      if (body === 'first') answerFirst = () => ok(response);
      else {
        ok(response);
        if (body === 'third') setTimeout(() => answerFirst(), 50);
      }
    });
    const { positions } = await importItems(
      url,
      ['first', 'second', 'third'].map((body) => request(body)),
    );
    expect(positions).toEqual(['third']);
  });

  it('has 16 requests in flight, and no more', async () => {
    const waiting: ServerResponse[] = [];
    const counts: number[] = [];
    const url = await startStore((_body, response) => {
      if (waiting.push(response) !== 16) return;
      // Long enough for a further request to arrive.
      setTimeout(() => {
        counts.push(waiting.length);
        for (const each of waiting.splice(0)) ok(each);
      }, 50);
    });
    const items = Array.from({ length: 48 }, (_, n) => request(String(n)));
    const { figures } = await importItems(url, items);
    expect(figures.stored).toBe(48);
    expect(counts).toEqual([16, 16, 16]);
  });

  it('stops at an address that is not OTLP, and keeps the position before it', async () => {
    const url = await startStore((body, response) => {
      if (body === 'a') ok(response);
      else setTimeout(() => response.writeHead(404).end('no such page'), 20);
    });
    const { outcome, positions } = await importItems(
      url,
      ['a', 'b', 'c'].map((body) => request(body)),
    );
    expect(String(outcome)).toContain('is not OTLP over HTTP of a tracestore: 404 no such page');
    expect(positions).toEqual(['a']);
  });

  it('gives up when nothing is accepted', async () => {
    const url = await startStore((_body, response) => void response.writeHead(503, { 'retry-after': '0' }).end());
    const { outcome } = await importItems(url, [request('a')], 50);
    expect(String(outcome)).toMatch(/has accepted nothing for 0 s: 503/);
  });

  it('reads no further after it was stopped, and waits for the requests in flight', async () => {
    const stop = new AbortController();
    const url = await startStore((_body, response) => {
      stop.abort();
      setTimeout(() => ok(response), 20);
    });
    const items = Array.from({ length: 100 }, (_, n) => request(String(n)));
    const { outcome, figures } = await importItems(url, items, 5_000, stop);
    expect(outcome).toBe(false);
    expect(figures.stored).toBe(figures.read);
    expect(figures.read).toBeLessThan(100);
  });
});

describe('retryAfterMs', () => {
  it.each([
    ['5', 5_000],
    ['0', 0],
    ['Sat, 31 Jan 2026 12:00:03 GMT', 3_000],
    ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
    ['999999', 600_000],
    ['soon', undefined],
    [null, undefined],
  ])('reads %s', (header, expected) => {
    expect(retryAfterMs(header, Date.parse('2026-01-31T12:00:00Z'))).toBe(expected);
  });
});
