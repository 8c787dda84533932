import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeJson, encodeProtobuf } from '@spandrel/testing/otlp-client';
import {
  asPromscaleHas,
  createPromscaleTables,
  inPromscale,
  promscaleRequest,
} from '@spandrel/testing/promscale-database';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExportTraceServiceRequestSchema } from '../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { importTraces, type ImportResult } from './import.ts';
import { parseOptions } from './options.ts';

const usPerHour = 3_600_000_000n;
const emptyTables = ['span', 'event', 'link', 'ledger'].map((table) => `DELETE FROM tracestore.${table}`).join(';');

let database: FreshDatabase;
let promscale: FreshDatabase;
let store: RunningTracestore;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'spandrel-import-'));
  [database, promscale] = await Promise.all([createFreshDatabase(), createFreshDatabase({ timescale: false })]);
  store = await startTracestore(database.url);
  await createPromscaleTables(promscale.superuserUrl, new URL(promscale.url).username);
});

afterAll(async () => {
  await store.stop();
  await Promise.all([database.drop(), promscale.drop()]);
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  await queryOnce(database.url, emptyTables);
});

/** Imports as the command line does, with the rights of its user. */
async function run(args: readonly string[], tracesUrl = store.tracesUrl): Promise<ImportResult> {
  const options = parseOptions([...args, '--to', tracesUrl, '--give-up', '5s'], {});
  if (options === undefined) throw new Error('no options');
  return importTraces(options, { root: folder, say: () => undefined, progressMs: 60_000 });
}

async function storedCount(): Promise<number> {
  const [row] = await queryOnce<{ readonly spans: number }>(
    database.url,
    'SELECT count(*)::int AS spans FROM ps_trace.span',
  );
  return row?.spans ?? 0;
}

/** A proxy to the store that refuses the address for some requests. */
async function withProxy<Result>(
  use: (url: string, proxy: { accepts: (body: string) => boolean }) => Promise<Result>,
): Promise<Result> {
  const proxy = { accepts: (_body: string): boolean => true };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      if (!proxy.accepts(body)) return response.writeHead(404).end();
      const { 'content-type': type = '' } = request.headers;
      return fetch(store.tracesUrl, { method: 'POST', body, headers: { 'content-type': type } }).then(
        async (answer) => {
          response.writeHead(answer.status).end(await answer.text());
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, proxy);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('import of a Promscale database', () => {
  const source = (): string => promscale.url.replace('postgresql:', 'postgres:');

  it('stores every field of spans, events and links that Promscale has, and nothing twice', async () => {
    const request = promscaleRequest();
    await inPromscale(promscale.superuserUrl, (writer) => writer.write(request));
    const first = await run(['promscale', source()]);
    expect(first).toMatchObject({
      isComplete: true,
      figures: { read: 6, stored: 6, alreadyThere: 0, rejected: 0, remarks: {} },
    });
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(asPromscaleHas(request)));
    const again = await run(['promscale', source()]);
    expect(again.figures).toMatchObject({ read: 6, stored: 0, alreadyThere: 6 });
    // Another range has the same requests, because it is read in whole hours.
    const range = ['--from', '2023-11-14T22:13:30Z', '--until', '2023-11-14T22:20Z'];
    expect((await run(['promscale', source(), ...range])).figures).toMatchObject({ stored: 0, alreadyThere: 5 });
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(asPromscaleHas(request)));
  });

  it('stores events once that a retry of Promscale wrote twice', async () => {
    const request = promscaleRequest();
    await inPromscale(promscale.superuserUrl, async (writer) => {
      await writer.write(request);
      await writer.writeEventsAgain(request);
    });
    await run(['promscale', source()]);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(asPromscaleHas(request)));
  });

  it('goes on where it was interrupted', async () => {
    // 2,000 spans in each hour, in pages of 1,000.
    const startUs = BigInt(Date.parse('2023-11-14T22:00Z')) * 1_000n - 1n;
    await inPromscale(promscale.superuserUrl, (writer) => writer.writeMany(3_500, startUs, usPerHour / 2_000n));
    await withProxy(async (url, proxy) => {
      proxy.accepts = (body) => body.includes(`"startTimeUnixNano":"${startUs + usPerHour / 2_000n}000"`);
      const stopped = await run(['promscale', source()], url);
      expect(stopped.isComplete).toBe(false);
      expect(String(stopped.error)).toContain('404');
      expect(await storedCount()).toBe(1_000);
      proxy.accepts = () => true;
      const resumed = await run(['promscale', source()], url);
      // The first page is not read again.
      expect(resumed).toMatchObject({ isComplete: true, figures: { read: 2_500, stored: 2_500, alreadyThere: 0 } });
    });
    const [row] = await queryOnce(
      database.url,
      'SELECT count(*)::int AS spans, count(DISTINCT span_id)::int AS ids FROM ps_trace.span',
    );
    expect(row).toEqual({ spans: 3_500, ids: 3_500 });
    // Without the state of the interrupted run, too.
    expect((await run(['promscale', source()])).figures).toMatchObject({ stored: 0, alreadyThere: 3_500 });
  });

  it('finds the hours of spans by the chunks of TimescaleDB', async () => {
    const request = promscaleRequest();
    await inPromscale(promscale.superuserUrl, (writer) => writer.write(request));
    await queryOnce(
      promscale.superuserUrl,
      `CREATE SCHEMA timescaledb_information;
       CREATE TABLE timescaledb_information.chunks
         (hypertable_schema name, hypertable_name name, range_start timestamptz, range_end timestamptz);
       INSERT INTO timescaledb_information.chunks VALUES
         ('_ps_trace', 'span', '2023-11-14T22:00Z', '2023-11-14T23:00Z'),
         ('_ps_trace', 'event', '2020-11-14T22:00Z', '2020-11-14T23:00Z');
       GRANT USAGE ON SCHEMA timescaledb_information TO PUBLIC;
       GRANT SELECT ON timescaledb_information.chunks TO PUBLIC`,
    );
    try {
      expect((await run(['promscale', source()])).figures).toMatchObject({ stored: 5 });
    } finally {
      await queryOnce(promscale.superuserUrl, 'DROP SCHEMA timescaledb_information CASCADE');
    }
  });

  it('refuses a database of something else', async () => {
    const { error, figures } = await run(['promscale', database.url.replace('postgresql:', 'postgres:')]);
    expect(String(error)).toContain('has no table _ps_trace.span');
    expect(figures.read).toBe(0);
  });
});

describe('the command', () => {
  const command = (...args: readonly string[]) =>
    spawnSync(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });

  it.each([
    [['--help'], 0, 'npm run import -- promscale URL'],
    [[], 2, 'what to import is missing'],
    [['otlp', '/no/such/file', '--to', 'http://127.0.0.1:9'], 1, 'The import is not complete: ENOENT'],
  ])('%j ends with %i', (args, status, output) => {
    const ended = command(...args);
    expect(`${ended.stdout}${ended.stderr}`).toContain(output);
    expect(ended.status).toBe(status);
  });
});

describe('import of OTLP files', () => {
  const requests = [1, 2, 3].map((n) =>
    requestOf([goodSpan({ name: `a${n}`, attributes: [text('k', 'é')] }), goodSpan({ name: `b${n}` })]),
  );
  const together = create(ExportTraceServiceRequestSchema, {
    resourceSpans: requests.flatMap(({ resourceSpans }) => resourceSpans),
  });
  const lengthOf = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return length;
  };
  const framed = (messages: readonly Buffer[]): Buffer =>
    Buffer.concat(messages.flatMap((message) => [lengthOf(message), message]));

  it.each([
    ['JSON lines', () => Buffer.from(requests.map((request) => `${encodeJson(request)}\n`).join(''))],
    ['compressed JSON lines', () => gzipSync(requests.map((request) => `${encodeJson(request)}\n`).join(''))],
    ['protobuf with lengths', () => framed(requests.map(encodeProtobuf))],
    ['compressed messages', () => framed(requests.map((request) => zstdCompressSync(encodeProtobuf(request))))],
    ['compressed JSON messages', () => framed(requests.map((request) => zstdCompressSync(encodeJson(request))))],
  ])('stores %s, and nothing twice', async (_, content) => {
    const file = path.join(folder, 'traces');
    await writeFile(file, content());
    expect(await run(['otlp', file])).toMatchObject({ isComplete: true, figures: { read: 6, stored: 6, rejected: 0 } });
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(together));
    expect((await run(['otlp', file])).figures).toMatchObject({ read: 6, stored: 0, alreadyThere: 6 });
    expect(await storedCount()).toBe(6);
  });

  it('stores what a file has grown by, and skips what has no spans', async () => {
    const file = path.join(folder, 'growing.jsonl');
    const [first, second, third] = requests.map(encodeJson);
    await writeFile(file, `${first}\n{"resourceLogs":[]}\n`);
    expect((await run(['otlp', file])).figures).toMatchObject({ stored: 2, remarks: { 'documents without spans': 1 } });
    await appendFile(file, `${second}\n${third}\n`);
    expect((await run(['otlp', file])).figures).toMatchObject({ stored: 4, alreadyThere: 2 });
  });

  it('counts rejected spans and refused requests with their reasons', async () => {
    const file = path.join(folder, 'bad.jsonl');
    const bad = requestOf([goodSpan(), goodSpan({ traceId: new Uint8Array(16) })]);
    const refused = '{"resourceSpans":[{"scopeSpans":[{"spans":[{},{}]}]}],"resource_spans":5}';
    await writeFile(file, `${encodeJson(bad)}\n${refused}\n${encodeJson(requests[0] ?? bad)}\n`);
    const { figures, isComplete } = await run(['otlp', file]);
    expect(isComplete).toBe(true);
    expect(figures).toMatchObject({ read: 6, stored: 3, rejected: 3 });
    expect(Object.keys(figures.reasons)).toEqual(
      expect.arrayContaining([expect.stringContaining('trace_id'), expect.stringMatching(/^400 /)]),
    );
  });

  it('stops at a damaged file with the place, after what is before it', async () => {
    const file = path.join(folder, 'damaged.jsonl');
    await writeFile(file, `${encodeJson(requests[0] ?? requestOf([]))}\n{"resourceSpans":[`);
    const { error, figures } = await run(['otlp', file]);
    expect(String(error)).toContain('the file ends within a JSON document');
    expect(figures.stored).toBe(2);
  });
});

describe('import from Jaeger', () => {
  /** Traces of two services, some in the same hour, with spans of a trace on both sides of a window. */
  const traceOf = (n: number, startNs: bigint): readonly [SpanInit, SpanInit] => {
    const traceId = hexBytes(n.toString(16).padStart(32, '0'));
    const root = goodSpan({ traceId, startTimeUnixNano: startNs, endTimeUnixNano: startNs + 7_200_000_000_000n });
    const child = goodSpan({
      traceId,
      ...(root.spanId !== undefined && { parentSpanId: root.spanId }),
      startTimeUnixNano: startNs + 3_600_000_000_000n,
      endTimeUnixNano: startNs + 3_600_001_000_000n,
      attributes: [
        attribute('whole', { case: 'doubleValue', value: 5 }),
        attribute('n', { case: 'intValue', value: 5n }),
      ],
      events: [{ name: 'exception', timeUnixNano: startNs, attributes: [text('exception.type', 'Error')] }],
    });
    return [root, child];
  };
  const traces = Array.from({ length: 20 }, (_, n) =>
    traceOf(n + 1, 1_700_000_000_000_000_000n + BigInt(n) * 30_000_000_000n),
  );
  const requests = [
    requestOf(
      traces.map(([root]) => root),
      'shop',
    ),
    requestOf(
      traces.map(([, child]) => child),
      'cart',
    ),
  ];
  const range = ['--from', '2023-11-14T20:00Z', '--until', '2023-11-15T03:00Z'];

  let other: FreshDatabase;
  let jaeger: RunningTracestore;
  beforeAll(async () => {
    other = await createFreshDatabase();
    jaeger = await startTracestore(other.url);
    for (const request of requests) {
      await fetch(jaeger.tracesUrl, {
        method: 'POST',
        body: encodeJson(request),
        headers: { 'content-type': 'application/json' },
      });
    }
  });
  afterAll(async () => {
    await jaeger.stop();
    await other.drop();
  });

  it('stores every trace of a query service once, in pages that are smaller than the number of traces', async () => {
    const args = ['jaeger', `${jaeger.url}/jaeger`, ...range, '--page', '7'];
    const { figures, isComplete } = await run(args);
    expect(isComplete).toBe(true);
    expect(figures).toMatchObject({ read: 40, stored: 40, rejected: 0, remarks: {} });
    expect(await readStoredSpans(database.url)).toEqual(await readStoredSpans(other.url));
    // Other pages find the same traces, whose requests are the same.
    expect((await run([...args, '--page', '1000'])).figures).toMatchObject({ stored: 0, alreadyThere: 40 });
    expect((await run([...args, '--service', 'cart'])).figures).toMatchObject({ stored: 0, alreadyThere: 40 });
  });

  it("stores a file of Jaeger's UI with the types of its tags, and nothing twice", async () => {
    const file = path.join(folder, 'trace.json');
    const search = `service=shop&start=1699990000000000&end=1700030000000000&limit=100`;
    await writeFile(file, await (await fetch(`${jaeger.url}/jaeger/api/traces?${search}`)).text());
    expect((await run(['jaeger', file])).figures).toMatchObject({ read: 40, stored: 40, rejected: 0 });
    expect(await readStoredSpans(database.url)).toEqual(await readStoredSpans(other.url));
    expect((await run(['jaeger', file])).figures).toMatchObject({ stored: 0, alreadyThere: 40 });
  });

  it('rejects a bad span of a file with its reason, and stores the others of its trace', async () => {
    const file = path.join(folder, 'bad.json');
    const span = (spanID: string): object => ({
      spanID,
      startTime: 1_700_000_000_000_000,
      duration: 5,
      operationName: 'x',
    });
    await writeFile(file, JSON.stringify({ data: [{ traceID: 'ab', spans: [span('1'), span('no id'), span('2')] }] }));
    const { figures } = await run(['jaeger', file]);
    expect(figures).toMatchObject({ read: 3, stored: 2, rejected: 1 });
    expect(figures.reasons).toEqual({ 'spanID must be 16 hex digits, got "00000000000no id"': 1 });
  });

  it('says that an address has no API of Jaeger', async () => {
    const { error } = await run(['jaeger', `${jaeger.url}/nothing`]);
    expect(String(error)).toContain('has no HTTP API of Jaeger');
  });
});
