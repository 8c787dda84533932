import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf, post, sendGrpc, waysToSend } from '@spandrel/testing/otlp-client';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { countNewCalls, prepareForRuns } from '../aggregate/aggregation-run.js';
import { TraceReader } from '../gen/storage/v2/trace_storage_pb.js';
import { type Migration, migrate, type MigrationOutcome, readSchema, type Schema } from './migration.js';

// Two versions beside each other: this build, and one with the migrations `next`.

let database: FreshDatabase;
let store: RunningTracestore | undefined;
let gate: DatabaseGate | undefined;

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(async () => {
  await store?.stop();
  store = undefined;
  await gate?.close();
  gate = undefined;
  await database.drop();
});

/** Migrates to this build, or to the next version. */
async function migrateTo(next: readonly Migration[] = [], schema: Schema = readSchema()): Promise<MigrationOutcome> {
  const client = new pg.Client(database.url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await migrate(client, next.length === 0 ? schema : withNext(next, schema));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function withNext(next: readonly Migration[], { migrations, objects }: Schema): Schema {
  return { migrations: [...migrations, ...next], objects: { ...objects, revision: objects.revision + 1 } };
}

const present = Number.parseInt(readSchema().migrations.at(-1)?.name ?? '', 10);
const admitting = (schema: number): string => `-- admits: ${String(schema).padStart(4, '0')}\n`;

/** What the next version adds: columns of the tables that are written, a table, and an index. */
const expansion: readonly Migration[] = [
  {
    name: '9997-expand.sql',
    sql: `${admitting(present)}
      ALTER TABLE tracestore.span ADD COLUMN next text;
      ALTER TABLE tracestore.event ADD COLUMN next text DEFAULT '';
      ALTER TABLE tracestore.link ADD COLUMN next text;
      ALTER TABLE tracestore.resource ADD COLUMN next timestamptz;
      ALTER TABLE tracestore.span_block ADD COLUMN next int4 DEFAULT 0;
      CREATE TABLE tracestore.next (id int8 PRIMARY KEY);
      CREATE INDEX next_by_service ON tracestore.resource (service_name);`,
  },
];

/** The same views and functions with a column more, as the next version has them. */
function nextSchema(): Schema {
  const { migrations, objects } = readSchema();
  return {
    migrations,
    objects: {
      ...objects,
      afterTables: objects.afterTables.map(({ file, sql }) => ({
        file,
        sql:
          file === 'views/ps_trace.span.sql'
            ? sql.replace('FROM tracestore.full_span', ', 1 AS next FROM tracestore.full_span')
            : sql,
      })),
    },
  };
}

describe('a store of the previous version on the schema of the next one', () => {
  it('starts, stores what every protocol sends, and finds it by every protocol', async () => {
    await migrateTo(expansion, nextSchema());
    store = await startTracestore(database.url);
    expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
    for (const send of Object.values(waysToSend)) await send(store, fullRequest());
    await sendPasswordTraces(store, Date.now() - 60_000);
    const [row] = await queryOnce<{ spans: number; next: number }>(
      database.url,
      'SELECT count(*)::int AS spans, max(next) AS next FROM ps_trace.span',
    );
    expect(row?.next).toBe(1);
    expect(row?.spans).toBeGreaterThan(3);

    const { url } = store;
    const [from, to] = [-3_600_000, 3_600_000].map((ms) => `${Date.now() + ms}000000`);
    for (const path of [
      `/api/traces?from=${from}&to=${to}&service=generator`,
      `/api/spans?from=${from}&to=${to}&service=generator`,
      '/jaeger/api/services',
      '/jaeger/api/traces?service=generator&limit=10',
      '/jaeger/api/v3/services',
    ]) {
      const response = await fetch(`${url}${path}`);
      expect([path, response.status, (await response.text()).includes('generator')]).toEqual([path, 200, true]);
    }
    const jaeger = new GrpcClient(store.jaegerAddress);
    const { services } = await jaeger.unary(TraceReader.method.getServices, {});
    jaeger.close();
    expect(services).toContain('generator');

    const client = new pg.Client(database.url);
    await client.connect();
    try {
      await prepareForRuns(client);
      expect((await countNewCalls(client, 100_000)).spanCount).toBeGreaterThanOrEqual(0);
    } finally {
      await client.end();
    }
  });

  it('starts while no migration is missing but the views are of the next version, and leaves them', async () => {
    await migrateTo(expansion, nextSchema());
    expect(await migrateTo()).toMatchObject({ applied: [], newer: ['9997-expand.sql'] });
    expect(await queryOnce(database.url, 'SELECT next FROM ps_trace.span')).toEqual([]);
  });

  it('does not keep a later version from removing the columns', async () => {
    const contraction: Migration = {
      name: '9998-contract.sql',
      sql: `${admitting(present)}
        ALTER TABLE tracestore.span DROP COLUMN next;
        ALTER TABLE tracestore.event DROP COLUMN next;
        ALTER TABLE tracestore.link DROP COLUMN next;
        ALTER TABLE tracestore.resource DROP COLUMN next;
        ALTER TABLE tracestore.span_block DROP COLUMN next;`,
    };
    await migrateTo(expansion);
    expect(await migrateTo([...expansion, contraction])).toMatchObject({ applied: ['9998-contract.sql'] });
  });

  it('ends with one sentence if a migration does not admit it', async () => {
    await migrateTo([...expansion, { name: '9998-contract.sql', sql: `${admitting(9997)}SELECT 1` }]);
    await expect(startTracestore(database.url)).rejects.toThrow(
      `The database has migration 9998-contract.sql, which this build doesn't know and which admits builds from schema 9997 on; this build has schema ${present}`,
    );
  });
});

describe('a migration that is killed', () => {
  it('continues with the step at which it stopped, and creates views that an earlier step dropped', async () => {
    const steps = (sql: string): readonly Migration[] => [
      { name: '9997-drop.sql', sql: 'DROP VIEW ps_trace.call_progress' },
      { name: '9998-long.sql', sql },
    ];
    await migrateTo();
    const killed = migrateTo(steps('SELECT pg_sleep(600)')).then(() => 'applied', String);
    const kill = (): Promise<readonly unknown[]> =>
      queryOnce(
        database.superuserUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'tracestore applies 9998-long.sql'`,
      );
    await expect.poll(async () => (await kill()).length, { timeout: 60_000 }).toBe(1);
    expect(await killed).toMatch(/terminat/);
    expect(await queryOnce(database.url, `SELECT to_regclass('ps_trace.call_progress') AS view`)).toEqual([
      { view: null },
    ]);
    expect(await migrateTo(steps('SELECT 1'))).toMatchObject({ applied: ['9998-long.sql'], objects: 'applied' });
    expect(await queryOnce(database.url, 'SELECT counted_at FROM ps_trace.call_progress')).toHaveLength(1);
  });
});

describe('a store that migrates', () => {
  it('answers meanwhile: alive, not ready with the step and its age, and 503 with a time to retry for spans', async () => {
    gate = await startDatabaseGate(database.url);
    const held = gate.holdBefore('CREATE INDEX link_by_linked_span');
    const starting = startTracestore(gate.url, {}, false);
    const release = await held;
    store = await starting;
    expect((await fetch(`${store.url}/livez`)).status).toBe(200);
    const readyz = await fetch(`${store.url}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({
      detail: expect.stringMatching(
        /^The database is being migrated: 0012-linking-spans\.sql has been running for \d+ s, \d more to follow/,
      ) as string,
      problems: [{ code: 'migrating' }],
    });
    const body = encodeProtobuf(fullRequest());
    const overHttp = await post(store.tracesUrl, body, { 'content-type': 'application/x-protobuf' });
    expect([overHttp.status, overHttp.headers.get('retry-after')]).toEqual([503, '5']);
    await expect(sendGrpc(store.grpcAddress, body)).rejects.toMatchObject({ code: 14 });

    release();
    const { url } = store;
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 60_000 }).toBe(200);
    await sendGrpc(store.grpcAddress, body);
    expect(await queryOnce(database.url, 'SELECT count(*)::int AS spans FROM ps_trace.span')).toEqual([{ spans: 3 }]);
  });

  it('rolls the step back and ends when it is stopped', async () => {
    gate = await startDatabaseGate(database.url);
    const held = gate.holdBefore('CREATE INDEX link_by_linked_span');
    const starting = startTracestore(gate.url, {}, false);
    await held;
    await (await starting).stop();
    const rows = await queryOnce<{ name: string }>(database.url, 'SELECT name FROM tracestore.migration ORDER BY name');
    expect(rows.at(-1)?.name).toBe('0011-runs.sql');
  });
});

describe('a store that waits for migrations', () => {
  it('is not ready and names the first missing one, until another process has applied them', async () => {
    store = await startTracestore(database.url, { migrations: 'wait' });
    const readyz = await fetch(`${store.url}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({
      detail: expect.stringMatching(
        /^The database is not ready: The database lacks migration 0001-spans\.sql and \d+ more\. TRACESTORE_MIGRATIONS=wait makes/,
      ) as string,
      problems: [{ code: 'migration-missing' }],
    });
    expect(await queryOnce(database.url, `SELECT to_regnamespace('tracestore') AS schema`)).toEqual([{ schema: null }]);
    await migrateTo();
    const { url } = store;
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 60_000 }).toBe(200);
    await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()));
  });

  it('waits while only views or functions are missing', async () => {
    await migrateTo();
    await queryOnce(
      database.url,
      `UPDATE tracestore.schema_object SET checksum = 'x', revision = 1 WHERE name = 'views/ps_trace.span.sql';
       UPDATE tracestore.schema_object SET revision = 1`,
    );
    store = await startTracestore(database.url, { migrations: 'wait' });
    expect(await (await fetch(`${store.url}/readyz`)).text()).toContain('lacks views or functions of this build');
  });
});
