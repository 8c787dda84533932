import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { createReleasedSchema } from '@spandrel/testing/released-schema';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { countNewCalls, prepareForRuns } from '../aggregate/aggregation-run.js';
import { type MigrationOutcome, migrate, readSchema, type Schema } from './migration.js';
import type { SchemaObject } from './schema-objects.js';

const readCatalog = readFileSync(new URL('../../../../libs/testing/src/read-catalog.sql', import.meta.url), 'utf8');

let database: FreshDatabase;

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(() => database.drop());

async function migrateDatabase(url: string, schema?: Schema): Promise<MigrationOutcome> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await migrate(client, schema);
  } finally {
    await client.end();
  }
}

/** Two traces: three spans, an event and a link. Aggregates, a request of the ledger, and a retention that SQL has set. */
const insertData = `
  INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count) VALUES
    (1, 'frontend', '{"service.name": "frontend"}', 0), (2, 'backend', '{"service.name": "backend"}', 1);
  INSERT INTO tracestore.scope (id, name, attributes, dropped_attributes_count) VALUES (1, 'http', '{}', 0);
  INSERT INTO tracestore.operation (id, service_name, span_kind, span_name) VALUES
    (1, 'frontend', 2, 'GET /'), (2, 'backend', 2, 'POST /numbers');
  INSERT INTO tracestore.span (trace_id, span_id, parent_span_id, start_time, end_time, operation_id, resource_id, scope_id,
    instance, flags, status_code, start_nanos, end_nanos, attributes)
  SELECT trace_id::uuid, span_id, parent, at, at + interval '20 ms', operation, operation, 1, 0, 1, status, 7, 9, '{"a": 5.0}'
  FROM (VALUES
    ('00000000000000000000000000000001', 1, NULL, now() - interval '2 hours', 1, NULL),
    ('00000000000000000000000000000001', 2, 1, now() - interval '2 hours', 2, 2),
    ('00000000000000000000000000000002', 1, NULL, now() - interval '1 hour', 1, 1)
  ) AS s (trace_id, span_id, parent, at, operation, status);
  INSERT INTO tracestore.event (trace_id, span_id, span_start_time, time, span_instance, event_nbr, dropped_attributes_count,
    time_nanos, name, attributes)
  SELECT trace_id, span_id, start_time, start_time, instance, 0, 0, 1, 'retry', '{}' FROM tracestore.span WHERE parent_span_id = 1;
  INSERT INTO tracestore.link (trace_id, span_id, span_start_time, linked_trace_id, linked_span_id, span_instance, link_nbr, attributes)
  SELECT trace_id, span_id, start_time, '00000000000000000000000000000001', 2, instance, 0, '{}' FROM tracestore.span
  WHERE trace_id = '00000000000000000000000000000002';
  INSERT INTO tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
  SELECT max(start_time), min(start_time), 20000000, count(*), 0, 1, array_agg(DISTINCT trace_id), '' FROM tracestore.span GROUP BY trace_id;
  INSERT INTO tracestore.call_5m SELECT date_trunc('hour', now()) - interval '1 day', 2, 1, 3, 1, 60, 40, '{9}', '{3}', '{8}', '{3}';
  INSERT INTO tracestore.service_call_5m SELECT date_trunc('hour', now()) - interval '1 day', 'backend', 'frontend', false, 3, 1, 60, 40,
    '{9}', '{3}', '{8}', '{3}';
  INSERT INTO tracestore.ledger (received_at, digest)
  SELECT now() - n * interval '1 hour', sha256(n::text::bytea) FROM generate_series(1, 5) AS n;
  UPDATE tracestore.trace_retention SET requested = interval '90 days'`;

/** What users read, in a fixed order. */
async function readData(url: string): Promise<unknown> {
  const views = ['span', 'event', 'link', 'trace', 'call_5m', 'service_call_5m'];
  const answers: Record<string, unknown> = {};
  for (const view of views) {
    // Two views have a further column since.
    const row = view === 'event' || view === 'link' ? `(to_jsonb(v) - 'partition_time')::text` : 'v::text';
    answers[view] = await queryOnce(url, `SELECT ${row} AS row FROM ps_trace.${view} v ORDER BY 1`);
  }
  answers.selfTime = await queryOnce(
    url,
    `SELECT f::text FROM ps_trace.self_time('-infinity', 'infinity') f ORDER BY 1`,
  );
  answers.calls = await queryOnce(
    url,
    `SELECT f::text FROM ps_trace.operation_call_total(now() - interval '2 days', now()) f ORDER BY 1`,
  );
  answers.retention = await queryOnce(url, 'SELECT ps_trace.get_trace_retention_period()::text');
  answers.ledger = await queryOnce(
    url,
    `SELECT encode(digest, 'hex'), received_at::text FROM tracestore.ledger ORDER BY 1`,
  );
  return answers;
}

/** A schema like this build's, with other objects. */
function withObjects(
  change: (objects: readonly SchemaObject[]) => readonly SchemaObject[],
  revision = 1_000_000,
): Schema {
  const { migrations, objects } = readSchema();
  return { migrations, objects: { ...objects, afterTables: change(objects.afterTables), revision } };
}

const replaced =
  (file: string, change: (sql: string) => string) =>
  (objects: readonly SchemaObject[]): readonly SchemaObject[] =>
    objects.map((object) => (object.file === file ? { file, sql: change(object.sql) } : object));

describe('an upgrade of the schema of an earlier build', () => {
  it.each([
    '0006-search.sql',
    '0007-locks.sql',
    '0009-sessions.sql',
    '0010-lifecycle-time.sql',
    '0011-drop-operation-stats.sql',
  ])('from %s keeps the data and gives the catalog of a new database', async (last) => {
    await createReleasedSchema(database.url, last);
    await queryOnce(database.url, insertData);
    const before = await readData(database.url);
    const { objects } = await migrateDatabase(database.url);
    expect(objects).toBe('applied');
    expect(await readData(database.url)).toEqual(before);

    const fresh = await createFreshDatabase();
    try {
      await migrateDatabase(fresh.url);
      expect(await queryOnce(database.url, readCatalog)).toEqual(await queryOnce(fresh.url, readCatalog));
    } finally {
      await fresh.drop();
    }
    expect(await migrateDatabase(database.url)).toMatchObject({ applied: [], objects: 'unchanged' });
  });

  it('aggregates the spans that were stored before, and stores new ones', async () => {
    await createReleasedSchema(database.url, '0006-search.sql');
    await queryOnce(database.url, insertData);
    await migrateDatabase(database.url);
    const client = new pg.Client(database.url);
    await client.connect();
    try {
      await prepareForRuns(client);
      expect(await countNewCalls(client, 1_000)).toEqual({ spanCount: 3, isLast: true });
    } finally {
      await client.end();
    }
    const store = await startTracestore(database.url);
    await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()));
    await store.stop();
    const rows = await queryOnce<{ spans: number }>(database.url, 'SELECT count(*)::int AS spans FROM ps_trace.span');
    expect(rows[0]?.spans).toBeGreaterThan(3);
  });

  it('leaves a database alone whose migration no build has released', async () => {
    await createReleasedSchema(database.url, '0006-search.sql');
    await queryOnce(
      database.url,
      `UPDATE tracestore.migration SET checksum = 'x' WHERE name = '0005-call-rollups.sql'`,
    );
    await expect(migrateDatabase(database.url)).rejects.toThrow('0005-call-rollups.sql has changed');
  });
});

describe('docs/changing-the-schema.md', () => {
  const page = readFileSync(new URL('../../../../docs/changing-the-schema.md', import.meta.url), 'utf8');
  const [addColumn = '', buildIndexes = '', addIndex = ''] = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(
    ([, sql = '']) => sql,
  );

  it('adds a column, and an index that an operator has built for each partition without a lock', async () => {
    await migrateDatabase(database.url);
    const statements = await queryOnce<{ format: string }>(database.url, buildIndexes.replace('\\gexec', ''));
    for (const { format } of statements) await queryOnce(database.url, format);
    const { migrations, objects } = readSchema();
    const added = [
      { name: '9997-column.sql', sql: addColumn },
      { name: '9998-index.sql', sql: addIndex },
    ];
    const { applied } = await migrateDatabase(database.url, { migrations: [...migrations, ...added], objects });
    expect(applied).toEqual(added.map(({ name }) => name));
    expect(await queryOnce(database.url, 'SELECT first_seen FROM tracestore.resource')).toEqual([]);
    // One index a partition: those of the operator were attached, and no other was built.
    const indexes = await queryOnce<{ parts: number; indexes: number }>(
      database.url,
      `SELECT (SELECT count(*)::int FROM tracestore.partition WHERE table_name = 'span') AS parts,
         (SELECT count(*)::int FROM pg_index i JOIN tracestore.partition p ON p.partition = i.indrelid
          WHERE p.table_name = 'span' AND pg_get_indexdef(i.indexrelid) LIKE '%(resource_id, start_time)') AS indexes`,
    );
    expect(indexes[0]?.indexes).toBe(indexes[0]?.parts);
  });
});

describe('views and functions', () => {
  beforeEach(async () => {
    await migrateDatabase(database.url);
  });

  const spanView = 'views/ps_trace.span.sql';
  const withoutEntityRefs = (sql: string): string =>
    sql.replace(', resource_entity_refs', '').replace(/COMMENT ON COLUMN ps_trace\.span\.resource_entity_refs.*\n/, '');

  it('are replaced in place when one has changed, and users keep what depends on them', async () => {
    await queryOnce(database.url, 'CREATE VIEW public.mine AS SELECT service_name FROM ps_trace.span');
    const schema = withObjects(
      replaced(spanView, (sql) => sql.replace('FROM tracestore.full_span', ', 1 AS added FROM tracestore.full_span')),
    );
    expect((await migrateDatabase(database.url, schema)).objects).toBe('applied');
    expect(await queryOnce(database.url, 'SELECT added FROM ps_trace.span')).toEqual([]);
    expect(await queryOnce(database.url, 'SELECT * FROM public.mine')).toEqual([]);
  });

  it('are dropped and created again with their dependents and privileges where the server refuses to replace one', async () => {
    await queryOnce(database.superuserUrl, 'GRANT SELECT ON ps_trace.trace TO PUBLIC');
    const withoutCount = replaced('views/ps_trace.trace.sql', (sql) =>
      sql.replace('t.error_count\nFROM', '1 AS other\nFROM').replace('trace.error_count IS', 'trace.other IS'),
    );
    const schema = withObjects((objects) =>
      replaced('functions/ps_trace.traces.sql', (sql) => sql.replace('t.error_count', 't.other'))(
        withoutCount(objects),
      ),
    );
    expect((await migrateDatabase(database.url, schema)).objects).toBe('applied');
    expect(await queryOnce(database.url, `SELECT other FROM ps_trace.traces('-infinity', 'infinity')`)).toEqual([]);
    const privileges = await queryOnce(
      database.url,
      `SELECT grantee FROM information_schema.table_privileges
       WHERE table_schema = 'ps_trace' AND table_name = 'trace' AND grantee IN ('PUBLIC', 'ps_trace_reader') ORDER BY 1`,
    );
    expect(privileges).toEqual([{ grantee: 'PUBLIC' }, { grantee: 'ps_trace_reader' }]);
  });

  it('are left as they are when a user’s view depends on one to drop, with its name in the error', async () => {
    await queryOnce(database.url, 'CREATE VIEW public.mine AS SELECT service_name FROM ps_trace.span');
    const catalog = await queryOnce(database.url, readCatalog);
    await expect(migrateDatabase(database.url, withObjects(replaced(spanView, withoutEntityRefs)))).rejects.toThrow(
      /must drop VIEW ps_trace.span and create it again, but .*mine/,
    );
    expect(await queryOnce(database.url, readCatalog)).toEqual(catalog);
  });

  it('lose the old overload when a function gets another parameter, and the object whose file is gone', async () => {
    const schema = withObjects((objects) =>
      replaced('functions/ps_trace.bucket_percentile.sql', (sql) =>
        sql.replace('_calls int8[])', '_calls int8[], _unused int4 DEFAULT 0)'),
      )(objects.filter(({ file }) => file !== 'functions/ps_trace.step_of.sql')),
    );
    expect((await migrateDatabase(database.url, schema)).objects).toBe('applied');
    const functions = await queryOnce(
      database.url,
      `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE proname IN ('bucket_percentile', 'step_of')`,
    );
    expect(functions).toEqual([
      { name: expect.stringContaining('bucket_percentile(double precision,smallint[],bigint[],integer)') as unknown },
    ]);
    // And back: a build with the same revision, as a developer's.
    expect(
      (
        await migrateDatabase(
          database.url,
          withObjects((objects) => objects),
        )
      ).objects,
    ).toBe('applied');
    expect(await queryOnce(database.url, `SELECT ps_trace.step_of('1h', now(), now()) IS NULL AS missing`)).toEqual([
      { missing: false },
    ]);
  });

  it('are bound to the new overload when a function that only views use gets another parameter', async () => {
    // Without the comment: its statement is ambiguous beside an old overload.
    const schema = withObjects(
      replaced('functions/tracestore.tag_id.sql', (sql) =>
        sql.replace('p_value jsonb)', 'p_value jsonb, p_unused int4 DEFAULT 0)').replace(/COMMENT ON .*\n/, ''),
      ),
    );
    expect((await migrateDatabase(database.url, schema)).objects).toBe('applied');
    expect(
      await queryOnce(
        database.url,
        `SELECT pg_get_function_identity_arguments(oid) AS arguments FROM pg_proc WHERE proname = 'tag_id'`,
      ),
    ).toEqual([{ arguments: 'p_key text, p_value jsonb, p_unused integer' }]);
    expect(await queryOnce(database.url, 'SELECT service_name_id FROM _ps_trace.operation')).toEqual([]);
  });

  it('of a newer build stay when an older one starts', async () => {
    const newer = withObjects(
      replaced('functions/ps_trace.bucket_ms.sql', (sql) => sql.replace('THEN 0 ELSE', 'THEN 42 ELSE')),
    );
    await migrateDatabase(database.url, newer);
    expect(await migrateDatabase(database.url)).toMatchObject({ applied: [], objects: 'newer' });
    expect(await queryOnce(database.url, 'SELECT ps_trace.bucket_ms(0) AS ms')).toEqual([{ ms: 42 }]);
  });

  it.each([
    ['when nothing has changed', withObjects((objects) => objects, readSchema().objects.revision), 'unchanged'],
    [
      'when a function has changed',
      withObjects(replaced('functions/ps_trace.bucket_ms.sql', (sql) => `${sql}-- changed\n`)),
      'applied',
    ],
  ])('do not wait for a query that holds a view, %s', async (_, schema, outcome) => {
    const reader = new pg.Client(database.url);
    await reader.connect();
    try {
      await reader.query('BEGIN; SELECT FROM ps_trace.span');
      expect((await migrateDatabase(database.url, schema)).objects).toBe(outcome);
    } finally {
      await reader.end();
    }
  });

  it('never lose an object of a user, also one in the schema ps_trace', async () => {
    await queryOnce(database.url, 'CREATE FUNCTION ps_trace.mine() RETURNS int4 LANGUAGE sql RETURN 7');
    await migrateDatabase(
      database.url,
      withObjects((objects) => objects.filter(({ file }) => file !== 'functions/ps_trace.step_of.sql')),
    );
    expect(await queryOnce(database.url, 'SELECT ps_trace.mine() AS seven')).toEqual([{ seven: 7 }]);
  });
});
