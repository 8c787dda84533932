import { create, fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { encodeProtobuf, post, sendGrpc } from '@spandrel/testing/otlp-client';
import { fullRequest, goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const success = create(ExportTraceServiceResponseSchema);
const protobuf = { 'content-type': 'application/x-protobuf' };

let database: FreshDatabase;
let gate: DatabaseGate;
let store: RunningTracestore;

beforeEach(async () => {
  database = await createFreshDatabase();
  gate = await startDatabaseGate(database.url);
  store = await startTracestore(gate.url);
});

afterEach(async () => {
  await store.stop();
  await gate.close();
  await database.drop();
});

async function countRows(): Promise<Readonly<Record<string, number>>> {
  const [row] = await queryOnce<Record<string, number>>(
    database.url,
    `SELECT (SELECT count(*)::int FROM tracestore.span) AS spans,
       (SELECT count(*)::int FROM tracestore.event) AS events,
       (SELECT count(*)::int FROM tracestore.link) AS links,
       (SELECT count(*)::int FROM tracestore.resource) AS resources,
       (SELECT count(*)::int FROM tracestore.scope) AS scopes,
       (SELECT count(*)::int FROM tracestore.operation) AS operations`,
  );
  return row ?? {};
}

/** Makes every transaction fail at its events, without breaking its connection. */
const failOnEvents = `
  CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'as if it were a deadlock' USING ERRCODE = 'deadlock_detected'; END$$;
  CREATE TRIGGER fail BEFORE INSERT ON tracestore.event FOR EACH STATEMENT EXECUTE FUNCTION fail()`;

/** CopyDone and Sync, which end the last COPY and the transaction. */
const commitMessages = 'c\0\0\0\x04S\0\0\0\x04';

/** Uses DELETE: TRUNCATE could deadlock with the aggregation. */
const emptyTables = ['span', 'event', 'link', 'ledger', 'resource', 'scope', 'operation']
  .map((table) => `DELETE FROM tracestore.${table}`)
  .join(';');

const nothing = { spans: 0, events: 0, links: 0, resources: 0, scopes: 0, operations: 0 };

async function send(request = fullRequest()): Promise<unknown> {
  return sendGrpc(store.grpcAddress, encodeProtobuf(request)).catch((error: unknown) => error);
}

async function expectReadySoon(): Promise<void> {
  await expect.poll(async () => (await fetch(`${store.url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
}

describe('a transaction of requests', () => {
  it.each([
    ['the ledger', 'insert-ledger'],
    ['the dictionaries', 'upsert-operations'],
    ['the spans', 'copy-span'],
    ['the events', 'copy-event'],
    ['the links', 'copy-link'],
    ['the commit', commitMessages],
  ])('stores nothing when the connection breaks before %s, and the retry stores everything', async (_part, text) => {
    // Preparing the statements sends their names once.
    expect(await send(requestOf([goodSpan({ name: 'first' })]))).toEqual(success);
    await queryOnce(database.url, emptyTables);
    await gate.close();
    await gate.open();
    await expectReadySoon();
    gate.breakBefore(text);
    expect(await send()).toMatchObject({ code: grpcStatus.UNAVAILABLE });
    expect(await countRows()).toEqual(nothing);
    await expectReadySoon();
    expect(await send()).toEqual(success);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(fullRequest()));
  });

  it('stores nothing when the database refuses its last part, with an error that is not retryable', async () => {
    await queryOnce(database.url, 'ALTER TABLE tracestore.link ADD CONSTRAINT refuse_all CHECK (link_nbr < 0)');
    expect(await send()).toMatchObject({ code: grpcStatus.INTERNAL });
    expect(await countRows()).toEqual(nothing);
    const overHttp = await post(store.tracesUrl, encodeProtobuf(fullRequest()), protobuf);
    expect(overHttp.status).toBe(500);
    expect(await countRows()).toEqual(nothing);
  });

  it('fails with a retryable error when the database has cancelled it', async () => {
    await queryOnce(database.url, failOnEvents);
    expect(await send()).toMatchObject({ code: grpcStatus.UNAVAILABLE });
    expect(await countRows()).toEqual(nothing);
    expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
  });

  it('fails with a retryable error when the result of the commit is unknown, and the retry stores nothing twice', async () => {
    gate.breakAfter(commitMessages);
    expect(await send()).toMatchObject({ code: grpcStatus.UNAVAILABLE });
    await expectReadySoon();
    expect(await send()).toEqual(success);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(fullRequest()));
  });
});

describe('the dictionaries', () => {
  it('have one row for equal content from several writers', async () => {
    const other = await startTracestore(database.url);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const spans = [goodSpan({ name: 'same', startTimeUnixNano: BigInt(n + 1) }), goodSpan({ name: 'same' })];
        return sendGrpc(n % 2 === 0 ? store.grpcAddress : other.grpcAddress, encodeProtobuf(requestOf(spans)));
      }),
    );
    expect(await countRows()).toEqual({ ...nothing, spans: 40, resources: 1, scopes: 1, operations: 1 });
    await other.stop();
  });

  it('are not assumed to have the rows of a failed transaction', async () => {
    await queryOnce(database.url, failOnEvents);
    expect(await send()).toMatchObject({ code: grpcStatus.UNAVAILABLE });
    await queryOnce(database.url, 'DROP TRIGGER fail ON tracestore.event');
    expect(await send()).toEqual(success);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(fullRequest()));
  });
});

describe('an unavailable database', () => {
  it('makes every response 503 or UNAVAILABLE with a retry delay, until it is back', async () => {
    expect(await send()).toEqual(success);
    await gate.close();

    const overGrpc = (await send()) as ServiceError;
    expect(overGrpc.code).toBe(grpcStatus.UNAVAILABLE);
    const [details] = overGrpc.metadata.get('grpc-status-details-bin');
    const [retry] = fromBinary(StatusSchema, details as Buffer).details;
    expect(retry && anyUnpack(retry, RetryInfoSchema)?.retryDelay?.seconds).toBe(5n);

    const overHttp = await post(store.tracesUrl, encodeProtobuf(fullRequest()), protobuf);
    expect(overHttp.status).toBe(503);
    expect(overHttp.headers.get('retry-after')).toBe('5');
    expect(fromBinary(StatusSchema, overHttp.body).code).toBe(grpcStatus.UNAVAILABLE);

    expect((await fetch(`${store.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${store.url}/livez`)).status).toBe(200);
    expect(await send(create(ExportTraceServiceRequestSchema))).toEqual(success);

    await gate.open();
    await expectReadySoon();
    expect(await send(requestOf([goodSpan({ name: 'after' })]))).toEqual(success);
    expect((await countRows())['spans']).toBe(4);
  });

  it('does not prevent the start of tracestore', async () => {
    await gate.close();
    const late = await startTracestore(gate.url);
    expect((await fetch(`${late.url}/readyz`)).status).toBe(503);
    expect((await post(late.tracesUrl, encodeProtobuf(fullRequest()), protobuf)).status).toBe(503);
    await gate.open();
    await expect.poll(async () => (await fetch(`${late.url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
    expect((await post(late.tracesUrl, encodeProtobuf(fullRequest()), protobuf)).status).toBe(200);
    await late.stop();
  });

  it('can come back empty', async () => {
    expect(await send()).toEqual(success);
    // An aggregation run may deadlock with this statement: PostgreSQL then cancels one of them.
    await vi.waitFor(() => queryOnce(database.url, 'DROP SCHEMA IF EXISTS tracestore, ps_trace, _ps_trace CASCADE'), {
      timeout: 20_000,
      interval: 500,
    });
    expect(await send()).toMatchObject({ code: grpcStatus.UNAVAILABLE });
    await expectReadySoon();
    expect(await send()).toEqual(success);
    expect(await readStoredSpans(database.url)).toEqual(expectedSpans(fullRequest()));
  });
});
