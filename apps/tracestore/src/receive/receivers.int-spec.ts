import { gzipSync } from 'node:zlib';
import { create, fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeJson, encodeProtobuf, post, sendGrpc, waysToSend } from '@spandrel/testing/otlp-client';
import { RandomRequests } from '@spandrel/testing/random-request';
import { attribute, fullRequest, goodSpan, hexBytes, requestOf, type SpanInit } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

/** A full success must not set `partial_success`. */
const success = create(ExportTraceServiceResponseSchema);

const mebibyte = 1024 * 1024;
const protobuf = { 'content-type': 'application/x-protobuf' };
const json = { 'content-type': 'application/json' };

/** Uses DELETE: TRUNCATE could deadlock with the aggregation. */
const emptyTables = ['span', 'event', 'link', 'ledger'].map((table) => `DELETE FROM tracestore.${table}`).join(';');

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { maxRequestBytes: 8 * mebibyte });
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

beforeEach(async () => {
  await queryOnce(database.url, emptyTables);
});

async function storedSpanNames(): Promise<readonly string[]> {
  const rows = await queryOnce<{ span_name: string }>(
    database.url,
    'SELECT span_name FROM ps_trace.span ORDER BY span_name COLLATE "C"',
  );
  return rows.map(({ span_name: name }) => name);
}

async function grpcError(message: Buffer, options?: { readonly gzip: boolean }): Promise<ServiceError> {
  try {
    await sendGrpc(store.grpcAddress, message, options);
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('The request was taken');
}

describe('a request with every field of the protobuf', () => {
  it.each(Object.keys(waysToSend))('is read back unchanged when it was sent over %s', async (way) => {
    const request = fullRequest();
    const response = await waysToSend[way]?.(store, request);
    expect(response).toEqual(success);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(request));
  });
});

describe('random requests', () => {
  it('are read back unchanged over every protocol and encoding', async () => {
    const random = new RandomRequests(20_260_801);
    const ways = Object.values(waysToSend);
    for (let round = 0; round < 60; round += 1) {
      const request = random.next();
      const response = await ways[round % ways.length]?.(store, request);
      expect(response).toEqual(success);
      expect(await readStoredSpans(database.url)).toEqual(expectedSpans(request));
      await queryOnce(database.url, emptyTables);
    }
  });
});

describe('a large request', () => {
  it('of 10,000 spans is stored', async () => {
    const spans = Array.from({ length: 10_000 }, (_, n) =>
      goodSpan({ name: `operation ${n % 100}`, attributes: [attribute('n', { case: 'intValue', value: BigInt(n) })] }),
    );
    await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans)));
    const rows = await queryOnce(
      database.url,
      `SELECT count(*)::int AS spans, count(DISTINCT span_id)::int AS ids, count(DISTINCT span_name)::int AS names,
         sum((span_tags ->> 'n')::int)::int AS sum
       FROM ps_trace.span WHERE service_name = 'shop'`,
    );
    expect(rows).toEqual([{ spans: 10_000, ids: 10_000, names: 100, sum: 49_995_000 }]);
  });
});

describe('a request that was stored before', () => {
  it('is answered over HTTP with a header that says so, and stores nothing', async () => {
    const request = encodeProtobuf(requestOf([goodSpan({ name: 'once' })]));
    const first = await post(store.tracesUrl, request, protobuf);
    expect([first.status, first.headers.get('tracestore-stored-before')]).toEqual([200, null]);
    const [again, atOnce] = await Promise.all([1, 2].map(() => post(store.tracesUrl, request, protobuf)));
    for (const { status, headers } of [again, atOnce].flatMap((response) => response ?? [])) {
      expect([status, headers.get('tracestore-stored-before')]).toEqual([200, 'true']);
    }
    expect(await storedSpanNames()).toEqual(['once']);
  });
});

describe('a request without spans', () => {
  it.each(Object.keys(waysToSend))('succeeds over %s', async (way) => {
    const response = await waysToSend[way]?.(store, create(ExportTraceServiceRequestSchema));
    expect(response).toEqual(success);
  });

  it('can be an empty body', async () => {
    expect(await post(store.tracesUrl, '', protobuf)).toMatchObject({ status: 200 });
  });
});

describe('a bad span', () => {
  const tooDeep = Array.from({ length: 70 }).reduce<NonNullable<SpanInit['attributes']>[number]>(
    (inner) => attribute('deep', { case: 'kvlistValue', value: { values: [inner] } }),
    attribute('deepest', { case: 'boolValue', value: true }),
  );
  const badSpans: Readonly<Record<string, readonly [SpanInit, string]>> = {
    'a trace id that is too short': [{ traceId: hexBytes('0102') }, 'trace_id has 2 bytes, not 16'],
    'a trace id of zeros': [{ traceId: new Uint8Array(16) }, 'trace_id is all zeros'],
    'no span id': [{ spanId: new Uint8Array() }, 'span_id has 0 bytes, not 8'],
    'a span id of zeros': [{ spanId: new Uint8Array(8) }, 'span_id is all zeros'],
    'a parent id that is too long': [{ parentSpanId: new Uint8Array(9) }, 'parent_span_id has 9 bytes, not 8 or none'],
    'no start': [{ startTimeUnixNano: 0n }, 'start_time_unix_nano is 0, but a span needs a start time'],
    'a start beyond int64': [
      { startTimeUnixNano: 2n ** 63n },
      'start_time_unix_nano is 9223372036854775808, later than 9223372036854775807',
    ],
    'an end beyond int64': [
      { endTimeUnixNano: 2n ** 64n - 1n },
      'end_time_unix_nano is 18446744073709551615, later than 9223372036854775807',
    ],
    'an event beyond int64': [
      { events: [{}, { timeUnixNano: 2n ** 63n }] },
      'events[1].time_unix_nano is 9223372036854775808, later than 9223372036854775807',
    ],
    'a link to a trace id that is too short': [
      { links: [{ traceId: hexBytes('01') }] },
      'links[0].trace_id has 1 bytes, not 16 or none',
    ],
    'attributes that are nested too deeply': [
      { attributes: [tooDeep] },
      'attributes is nested more than 64 levels deep',
    ],
  };

  it.each(Object.keys(badSpans))('with %s is rejected alone over every protocol', async (name) => {
    const [fault, reason] = badSpans[name] ?? [{}, ''];
    for (const send of Object.values(waysToSend)) {
      const request = requestOf([goodSpan({ name: 'before' }), goodSpan(fault), goodSpan({ name: 'after' })]);
      const response = await send(store, request);
      expect(response.partialSuccess).toMatchObject({
        rejectedSpans: 1n,
        errorMessage: `1 of 3 spans rejected: resource_spans[0].scope_spans[0].spans[1].${reason}`,
      });
    }
    const stored = await storedSpanNames();
    const ways = Object.keys(waysToSend).length;
    expect(stored.filter((span) => span === 'before')).toHaveLength(ways);
    expect(stored).toHaveLength(2 * ways);
  });

  it('is always counted, and described if it is among the first', async () => {
    const spans = Array.from({ length: 20 }, () => goodSpan({ spanId: new Uint8Array() }));
    const { partialSuccess } = await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans)));
    expect(partialSuccess?.rejectedSpans).toBe(20n);
    expect(partialSuccess?.errorMessage).toMatch(/^20 of 20 spans rejected: .*spans\[0\].*spans\[4\].*; …$/);
    expect(partialSuccess?.errorMessage).not.toContain('spans[5]');
  });
});

describe('text that is not UTF-8', () => {
  it('is stored with U+FFFD for invalid bytes', async () => {
    const message = encodeProtobuf(requestOf([goodSpan({ name: 'caf@' })]));
    message[message.indexOf('caf@') + 3] = 0xe9;
    await sendGrpc(store.grpcAddress, message);
    expect(await storedSpanNames()).toEqual(['caf\uFFFD']);
  });

  it('is stored with U+FFFD for a lone surrogate in JSON', async () => {
    const body = encodeJson(requestOf([goodSpan({ name: 'half a @' })])).replace('@', String.raw`\ud83d`);
    expect(await post(store.tracesUrl, body, json)).toMatchObject({ status: 200 });
    expect(await storedSpanNames()).toEqual(['half a \uFFFD']);
  });
});

describe("OTLP's JSON", () => {
  it('is stored without loss: integers as numbers or text, ids in hex of any case, unknown fields skipped', async () => {
    const body = `{"resourceSpans": [{"scopeSpans": [{"futureField": {"a": [1]}, "spans": [{
      "traceId": "0AF7651916cd43dd8448eb211c80319c", "spanId": "ABCDEFabcdef0123", "name": "exact", "kind": 2,
      "startTimeUnixNano": 1700000000123456789, "endTimeUnixNano": "1700000000123456790", "futureField": 1,
      "attributes": [
        {"key": "number", "value": {"intValue": 9007199254740993}},
        {"key": "text", "value": {"intValue": "-9223372036854775808"}},
        {"key": "double", "value": {"doubleValue": 1e3}},
        {"key": "bytes", "value": {"bytesValue": "AP8="}},
        {"key": "traceId", "value": {"stringValue": "no hex"}}
      ]}]}]}]}`;
    expect(await post(store.tracesUrl, body, json)).toMatchObject({ status: 200, body: Buffer.from('{}') });
    const rows = await queryOnce(
      database.url,
      `SELECT trace_id_hex, span_id_hex, span_kind, start_time_unix_nano::text AS start, end_time_unix_nano::text AS end,
         span_tags::text AS tags
       FROM ps_trace.span`,
    );
    expect(rows).toEqual([
      {
        trace_id_hex: '0af7651916cd43dd8448eb211c80319c',
        span_id_hex: 'abcdefabcdef0123',
        span_kind: 'server',
        start: '1700000000123456789',
        end: '1700000000123456790',
        tags: '{"text": -9223372036854775808, "bytes": {"bytesValue": "AP8="}, "double": 1000.0, "number": 9007199254740993, "traceId": "no hex"}',
      },
    ]);
  });
});

describe('a JSON value that its field cannot have', () => {
  const ids = '"traceId":"0af7651916cd43dd8448eb211c80319c","startTimeUnixNano":"1"';

  it('rejects only its span, and partial_success names it', async () => {
    const spans = [
      `{${ids},"spanId":"00f067aa0ba902b7","name":"good"}`,
      `{${ids},"spanId":"00f067aa0ba902b7","parentSpanId":"undefined"}`,
      `{${ids},"spanId":"00f067aa0ba902b7","attributes":[{"key":"a","value":{"intValue":5.5}}]}`,
    ];
    const answer = await post(
      store.tracesUrl,
      `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join()}]}]}]}`,
      json,
    );
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({
      partialSuccess: {
        rejectedSpans: '2',
        errorMessage:
          '2 of 3 spans rejected: ' +
          'resource_spans[0].scope_spans[0].spans[1].parent_span_id must be hex, got "undefined"; ' +
          'resource_spans[0].scope_spans[0].spans[2].attributes[0].value.int_value must be a 64-bit integer, got 5.5',
      },
    });
    expect(await storedSpanNames()).toEqual(['good']);
  });
});

describe('a request with spans in instrumentation_library_spans', () => {
  it('succeeds with a message that they are not supported', async () => {
    const body = '{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{}]}]}]}';
    const answer = await post(store.tracesUrl, body, json);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({
      partialSuccess: { errorMessage: 'instrumentation_library_spans is not supported: send spans in scope_spans' },
    });
  });
});

describe('a refusal over HTTP', () => {
  const good = (): Buffer => encodeProtobuf(requestOf([goodSpan()]));
  const zipBomb = gzipSync(Buffer.alloc(64 * mebibyte));

  it.each<readonly [string, number, number, () => Promise<Awaited<ReturnType<typeof post>>>]>([
    [
      'a body that is not protobuf',
      400,
      grpcStatus.INVALID_ARGUMENT,
      () => post(store.tracesUrl, 'nonsense', protobuf),
    ],
    [
      'a truncated body',
      400,
      grpcStatus.INVALID_ARGUMENT,
      () => post(store.tracesUrl, good().subarray(0, -3), protobuf),
    ],
    [
      'a body that is no gzip',
      400,
      grpcStatus.INVALID_ARGUMENT,
      () => post(store.tracesUrl, good(), { ...protobuf, 'content-encoding': 'gzip' }),
    ],
    [
      'truncated gzip',
      400,
      grpcStatus.INVALID_ARGUMENT,
      () => post(store.tracesUrl, gzipSync(good()).subarray(0, -10), { ...protobuf, 'content-encoding': 'gzip' }),
    ],
    ['an unknown path', 404, grpcStatus.NOT_FOUND, () => post(`${store.tracesUrl}/x`, good(), protobuf)],
    ['another method', 405, grpcStatus.UNIMPLEMENTED, () => post(store.tracesUrl, good(), protobuf, 'PUT')],
    [
      'a body that is too large',
      413,
      grpcStatus.RESOURCE_EXHAUSTED,
      () => post(store.tracesUrl, Buffer.alloc(8 * mebibyte + 1), protobuf),
    ],
    [
      'a body that inflates to more than is allowed',
      413,
      grpcStatus.RESOURCE_EXHAUSTED,
      () => post(store.tracesUrl, zipBomb, { ...protobuf, 'content-encoding': 'gzip' }),
    ],
    [
      'an unsupported content encoding',
      415,
      grpcStatus.UNIMPLEMENTED,
      () => post(store.tracesUrl, good(), { ...protobuf, 'content-encoding': 'br' }),
    ],
  ])('of %s is %i with a Status in protobuf', async (_what, httpStatus, code, send) => {
    const answer = await send();
    expect(answer.status).toBe(httpStatus);
    expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
    expect(answer.headers.get('allow')).toBe(httpStatus === 405 ? 'POST' : null);
    const status = fromBinary(StatusSchema, answer.body);
    expect(status).toMatchObject({ code, details: [] });
    expect(status.message).not.toBe('');
    expect(await storedSpanNames()).toEqual([]);
  });

  it.each([
    ['a body that is not JSON', '{', 'JSON'],
    ['spans that are not an array', '{"resourceSpans":[{"scopeSpans":[{"spans":5}]}]}', 'must be an array'],
    ['JSON that is nested without end', '['.repeat(1_000_000), ''],
  ])('of %s is 400 with a Status in JSON', async (_what, body, reason) => {
    const answer = await post(store.tracesUrl, body, json);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const status = fromJson(StatusSchema, JSON.parse(answer.body.toString()) as JsonValue);
    expect(status.code).toBe(grpcStatus.INVALID_ARGUMENT);
    expect(status.message).toContain(reason);
  });

  it.each(['text/plain', 'application/xml', 'application/jsonp'])('of %s is 415', async (contentType) => {
    expect(await post(store.tracesUrl, good(), { 'content-type': contentType })).toMatchObject({ status: 415 });
  });

  it('of a GET is 405, although it has no content type', async () => {
    const answer = await post(store.tracesUrl, '', {}, 'GET');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });
});

describe('a refusal over gRPC', () => {
  it('of a malformed message is INVALID_ARGUMENT, with a Status in the details', async () => {
    const error = await grpcError(Buffer.from('nonsense'));
    expect(error.code).toBe(grpcStatus.INVALID_ARGUMENT);
    const [details] = error.metadata.get('grpc-status-details-bin');
    expect(fromBinary(StatusSchema, details as Buffer)).toMatchObject({
      code: grpcStatus.INVALID_ARGUMENT,
      message: error.details,
      details: [],
    });
  });

  it.each([false, true])(
    'of a message that is too large is RESOURCE_EXHAUSTED without RetryInfo (gzip: %s)',
    async (gzip) => {
      const error = await grpcError(Buffer.alloc(9 * mebibyte), { gzip });
      expect(error.code).toBe(grpcStatus.RESOURCE_EXHAUSTED);
      const [details] = error.metadata.get('grpc-status-details-bin');
      expect(fromBinary(StatusSchema, details as Buffer)).toMatchObject({
        code: grpcStatus.RESOURCE_EXHAUSTED,
        details: [],
      });
    },
  );
});

/** Locks the table of spans against writers. @returns a function that unlocks it */
async function lockSpans(seconds: number): Promise<{ readonly ended: Promise<unknown> }> {
  const ended = queryOnce(
    database.url,
    `BEGIN; LOCK TABLE tracestore.span IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${seconds}); COMMIT`,
  );
  const granted = `SELECT FROM pg_locks
    WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'tracestore.span'::regclass`;
  await expect.poll(async () => (await queryOnce(database.url, granted)).length).toBe(1);
  return { ended };
}

async function waitForWaitingWriters(count: number): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tracestore' AND wait_event_type = 'Lock'
      AND query LIKE '%COPY tracestore.span%'`;
  await expect.poll(async () => (await queryOnce(database.url, waiting)).length).toBe(count);
}

async function requestsBegun({ url }: RunningTracestore): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = [...text.matchAll(/^tracestore_ingest_requests_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a request above the bytes in flight', () => {
  it('is refused temporarily: 429 with Retry-After, RESOURCE_EXHAUSTED with RetryInfo', async () => {
    const narrow = await startTracestore(database.url, { maxBytesInFlight: 100 });
    const { ended } = await lockSpans(1.5);
    const message = encodeProtobuf(requestOf([goodSpan(), goodSpan()]));
    const first = sendGrpc(narrow.grpcAddress, message);
    await waitForWaitingWriters(1);
    const overHttp = await post(narrow.tracesUrl, message, protobuf);
    expect(overHttp.status).toBe(429);
    expect(overHttp.headers.get('retry-after')).toBe('1');
    const overGrpc = await sendGrpc(narrow.grpcAddress, message).catch((error: ServiceError) => error);
    expect(overGrpc).toMatchObject({ code: grpcStatus.RESOURCE_EXHAUSTED });
    const [details] = (overGrpc as ServiceError).metadata.get('grpc-status-details-bin');
    const [retry] = fromBinary(StatusSchema, details as Buffer).details;
    expect(retry && anyUnpack(retry, RetryInfoSchema)?.retryDelay?.seconds).toBe(1n);
    await expect(first).resolves.toEqual(success);
    await ended;
    await narrow.stop();
  });
});

describe('a shutdown', () => {
  it('completes the requests in flight, and refuses new ones', async () => {
    const ending = await startTracestore(database.url);
    const { ended } = await lockSpans(1);
    const overGrpc = sendGrpc(ending.grpcAddress, encodeProtobuf(requestOf([goodSpan({ name: 'over gRPC' })])));
    const overHttp = post(ending.tracesUrl, encodeProtobuf(requestOf([goodSpan({ name: 'over HTTP' })])), protobuf);
    await expect.poll(() => requestsBegun(ending)).toBe(2);
    const stopped = ending.stop();
    await expect(overGrpc).resolves.toEqual(success);
    await expect(overHttp).resolves.toMatchObject({ status: 200 });
    await stopped;
    await ended;
    expect(await storedSpanNames()).toEqual(['over HTTP', 'over gRPC']);
    await expect(post(ending.tracesUrl, '', protobuf)).rejects.toThrow('fetch failed');
    await expect(sendGrpc(ending.grpcAddress, Buffer.alloc(0))).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
  });
});
