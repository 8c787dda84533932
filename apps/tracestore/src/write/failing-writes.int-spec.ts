import { create } from '@bufbuild/protobuf';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, post, sendGrpc } from '@spandrel/testing/otlp-client';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceResponseSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const success = create(ExportTraceServiceResponseSchema);
const json = { 'content-type': 'application/json' };
const inJson = Buffer.from(
  JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                name: 'json',
                startTimeUnixNano: '1700000000000000000',
                endTimeUnixNano: '1700000000000000001',
              },
            ],
          },
        ],
      },
    ],
  }),
);

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

afterEach(async () => {
  await queryOnce(database.url, 'DROP TRIGGER IF EXISTS fail ON tracestore.span; DROP FUNCTION IF EXISTS fail');
});

/** Makes every transaction with spans fail with an error code of the server. */
async function failWith(sqlState: string): Promise<void> {
  await queryOnce(
    database.url,
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
       $$BEGIN RAISE EXCEPTION 'the words of the server' USING ERRCODE = '${sqlState}'; END$$;
     CREATE TRIGGER fail BEFORE INSERT ON tracestore.span FOR EACH STATEMENT EXECUTE FUNCTION fail()`,
  );
}

async function ready(): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${store.url}/readyz`);
  return { status: response.status, body: await response.text() };
}

describe('while writes fail', () => {
  it.each([
    ['53100', 'disk-full', 'The database is out of disk space'],
    ['53200', 'out-of-memory', 'The database is out of memory'],
    ['55P03', 'lock-timeout', 'A lock in the database was not free in time'],
    ['57014', 'statement-timeout', 'The database took too long'],
    ['25006', 'read-only', 'The database is read-only: a standby, or set to be'],
    ['58030', 'io-error', 'The database has input or output errors'],
  ])(
    'for %s, senders are told to retry and why, and /readyz says so until a write works',
    async (sqlState, code, text) => {
      await failWith(sqlState);
      const overGrpc = (await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest())).catch(
        (error: unknown) => error,
      )) as ServiceError;
      expect([overGrpc.code, overGrpc.details]).toEqual([grpcStatus.UNAVAILABLE, text]);
      const overHttp = await post(store.tracesUrl, inJson, json);
      expect([overHttp.status, overHttp.headers.get('retry-after')]).toEqual([503, '5']);
      expect(JSON.parse(Buffer.from(overHttp.body).toString())).toMatchObject({ message: text });

      const { status, body } = await ready();
      expect(status).toBe(503);
      expect(JSON.parse(body)).toMatchObject({ problems: [{ code }] });
      expect(body).toContain(text);
      expect(body).not.toContain('the words of the server');
      const system = (await (await fetch(`${store.url}/api/system`)).json()) as { readonly problems: unknown };
      expect(system.problems).toMatchObject([{ code }]);

      await queryOnce(database.url, 'DROP TRIGGER fail ON tracestore.span');
      expect(await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()))).toEqual(success);
      expect((await ready()).status).toBe(200);
      await queryOnce(database.url, 'DELETE FROM tracestore.ledger');
    },
  );
});
