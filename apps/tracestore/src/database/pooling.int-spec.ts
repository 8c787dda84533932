import { create } from '@bufbuild/protobuf';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { hasPgBouncer, type PgBouncer, startPgBouncer } from '@spandrel/testing/pgbouncer';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';
import { ExportTraceServiceResponseSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

beforeAll(() => {
  if (!hasPgBouncer) process.stdout.write('Poolers are not tested: this machine has no pgbouncer\n');
});

describe.skipIf(!hasPgBouncer)('tracestore behind pgbouncer (requires pgbouncer)', () => {
  let database: FreshDatabase;
  let pooler: PgBouncer | undefined;

  beforeEach(async () => {
    database = await createFreshDatabase();
  });

  afterEach(async () => {
    await pooler?.stop();
    pooler = undefined;
    await database.drop();
  });

  it('in session mode a store writes, reads, cancels, and leaves nothing in shared sessions', async () => {
    pooler = await startPgBouncer(database.url, 'session');
    const store = await startTracestore(pooler.url);
    try {
      expect(await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()))).toEqual(
        create(ExportTraceServiceResponseSchema),
      );
      expect(await readStoredSpans(database.url)).toEqual(expectedSpans(fullRequest()));
      expect(await (await fetch(`${store.url}/readyz`)).json()).toEqual({ status: 'ok', warnings: [] });
      const ask = (sql: string, signal?: AbortSignal): Promise<Response> =>
        fetch(`${store.url}/api/sql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sql }),
          ...(signal === undefined ? {} : { signal }),
        });
      expect(await (await ask('SELECT count(*)::int FROM span')).json()).toMatchObject({
        rows: [[expectedSpans(fullRequest()).length]],
      });
      expect(await (await fetch(`${store.url}/api/services`)).text()).toContain('services');

      // The pids that the pooler reports are its own, and could not be cancelled.
      const patience = new AbortController();
      const given = ask('SELECT pg_sleep(60)', patience.signal).catch((error: unknown) => error);
      const sleeping = async (): Promise<unknown> =>
        (
          await queryOnce<{ n: number }>(
            database.url,
            `SELECT count(*)::int AS n FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'active' AND wait_event = 'PgSleep'`,
          )
        )[0]?.n;
      await expect.poll(sleeping, { timeout: 20_000 }).toBe(1);
      patience.abort();
      await given;
      await expect.poll(sleeping, { timeout: 20_000 }).toBe(0);
    } finally {
      await store.stop();
    }
    // Sessions of the pool, some of which the store has used.
    for (let n = 0; n < 5; n += 1) {
      const [row] = await queryOnce(
        pooler.url,
        `SELECT current_setting('default_transaction_read_only') AS read_only, current_setting('enable_bitmapscan') AS bitmaps,
           current_setting('statement_timeout') AS timeout, current_user = session_user AS is_itself`,
      );
      expect(row).toEqual({ read_only: 'off', bitmaps: 'on', timeout: '0', is_itself: true });
    }
  });

  it.each(['transaction', 'statement'] as const)('in %s mode the start fails with one sentence', async (mode) => {
    pooler = await startPgBouncer(database.url, mode);
    await expect(startTracestore(pooler.url)).rejects.toThrow(
      'TRACESTORE_DATABASE_URL leads to a pooler in transaction or statement mode',
    );
    expect(await queryOnce(database.url, `SELECT to_regnamespace('tracestore') AS schema`)).toEqual([{ schema: null }]);
  });
});
