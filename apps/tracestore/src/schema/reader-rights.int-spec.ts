import { create } from '@bufbuild/protobuf';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { createReaderLogin, type ReaderLogin } from '@spandrel/testing/reader-login';
import { goodSpan, text } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceRequestSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const hostile: readonly string[] = [
  `'; DROP TABLE tracestore.span; --`,
  `" OR ""="`,
  `') UNION SELECT rolpassword::text FROM pg_authid --`,
  `$$; SELECT pg_sleep(9); $$`,
  String.raw`\'; DELETE FROM tracestore.operation; --`,
  `{"a": [1, {"b": "}"}]}`,
  '%s %I %L %1$s',
  '${service} $1 :name @x',
  'Straße \u{1F600} \u202E\u0001\t\n\r',
  'NULL',
  '-infinity',
  '99999999999999999999',
  'x'.repeat(16_000),
];

let database: FreshDatabase;
let reader: ReaderLogin;

beforeAll(async () => {
  database = await createFreshDatabase();
  const store = await startTracestore(database.url);
  // Each as all that a sender may choose.
  const request = create(ExportTraceServiceRequestSchema, {
    resourceSpans: hostile.map((name) => ({
      resource: { attributes: [text('service.name', name), text(name, name)] },
      schemaUrl: name,
      scopeSpans: [
        {
          scope: { name, version: name },
          spans: [
            goodSpan({
              name,
              traceState: name,
              startTimeUnixNano: BigInt(Date.now()) * 1_000_000n,
              attributes: [text(name, name)],
              status: { code: 2, message: name },
              events: [{ name, attributes: [text(name, name)] }],
            }),
          ],
        },
      ],
    })),
  });
  await sendGrpc(store.grpcAddress, encodeProtobuf(request));
  await store.stop();
  reader = await createReaderLogin(database.url);
});

afterAll(async () => {
  await reader.drop();
  await database.drop();
});

const adminFunctions = [
  'confirm_time_gap',
  'confirm_trace_retention',
  'delete_all_traces',
  'set_trace_retention_period',
];

/** Runs statements one after the other on one connection of the reader; the rows of the last. */
async function inOneSession(...statements: readonly string[]): Promise<readonly unknown[]> {
  const client = new pg.Client(reader.url);
  await client.connect();
  try {
    let rows: readonly unknown[] = [];
    for (const statement of statements) rows = (await client.query<pg.QueryResultRow>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

interface FunctionRow {
  readonly name: string;
  readonly call: string;
  readonly types: string[];
}

/** All that can be called in ps_trace, each with placeholders for its arguments. */
function functions(): Promise<readonly FunctionRow[]> {
  return queryOnce<FunctionRow & pg.QueryResultRow>(
    database.url,
    `SELECT p.proname AS name,
       format('SELECT ps_trace.%I(%s)', p.proname, (
         SELECT string_agg(format('$%s::text::%s', n, type::regtype), ', ' ORDER BY n)
         FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (type, n)
       )) AS call,
       ARRAY(SELECT type::regtype::text FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (type, n) ORDER BY n) AS types
     FROM pg_proc p WHERE p.pronamespace = 'ps_trace'::regnamespace ORDER BY p.proname, p.oid`,
  );
}

describe('ps_trace_reader', () => {
  it('reads every view and calls every function but those that change something', async () => {
    const views = await queryOnce<{ view: string }>(
      database.url,
      `SELECT c.oid::regclass::text AS view FROM pg_class c
       WHERE c.relnamespace IN ('ps_trace'::regnamespace, '_ps_trace'::regnamespace)`,
    );
    expect(views.length).toBeGreaterThanOrEqual(6);
    for (const { view } of views) await queryOnce(reader.url, `SELECT * FROM ${view} LIMIT 5`);
    const refused: string[] = [];
    for (const { call, types } of await functions()) {
      const values = types.map(() => null);
      const refusal = await queryOnce(reader.url, call, values).then(() => undefined, String);
      if (refusal !== undefined) refused.push(refusal);
    }
    expect(refused).toEqual(adminFunctions.map((name) => `error: permission denied for function ${name}`));
  });

  it.each([
    ['SELECT FROM tracestore.span', 'permission denied for schema tracestore'],
    ['SELECT tracestore.timescale_schema()', 'permission denied for schema tracestore'],
    ['SELECT FROM pg_authid', 'permission denied'],
    ['CREATE TABLE ps_trace.x ()', 'permission denied for schema ps_trace'],
    ['CREATE FUNCTION ps_trace.x() RETURNS int RETURN 1', 'permission denied for schema ps_trace'],
    ['CREATE TABLE _ps_trace.x ()', 'permission denied for schema _ps_trace'],
    ['DELETE FROM ps_trace.span', 'cannot delete from view|permission denied'],
    [`UPDATE _ps_trace.operation SET span_name = 'x'`, 'permission denied'],
  ])('may not: %s', async (sql, message) => {
    // Its session is read-only; whoever lifts that gets no further.
    await expect(queryOnce(reader.url, sql)).rejects.toThrow(new RegExp(`${message}|read-only`));
    await expect(inOneSession('SET default_transaction_read_only = off', sql)).rejects.toThrow(new RegExp(message));
  });

  it('has its settings in this database', async () => {
    const [row] = await queryOnce<{ settings: string[] }>(
      database.url,
      `SELECT setconfig AS settings FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
       WHERE setrole = 'ps_trace_reader'::regrole AND d.datname = current_database()`,
    );
    expect(row?.settings).toEqual(
      expect.arrayContaining(['search_path="$user", public, ps_trace', 'statement_timeout=30s']),
    );
  });
});

describe('functions that run with the rights of their owner', () => {
  it('have a search_path of their own, which no caller can change', async () => {
    const open = await queryOnce(
      database.url,
      `SELECT p.oid::regprocedure::text AS name FROM pg_proc p
       WHERE p.pronamespace IN ('ps_trace'::regnamespace, '_ps_trace'::regnamespace, 'tracestore'::regnamespace) AND p.prosecdef
         AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}'))`,
    );
    expect(open).toEqual([]);
  });

  it("take a schema of the caller's for nothing but that", async () => {
    await queryOnce(
      database.url,
      `CREATE SCHEMA evil; GRANT ALL ON SCHEMA evil TO PUBLIC;
       CREATE FUNCTION evil.jsonb_each(jsonb) RETURNS TABLE (key text, value jsonb) LANGUAGE sql RETURN ('evil', 'null');
       CREATE FUNCTION evil.cardinality(int8[]) RETURNS int4 LANGUAGE sql RETURN 1;
       CREATE TABLE evil.span (trace_id uuid)`,
    );
    const asked = [
      `SELECT count(*)::int AS tags FROM _ps_trace.tag`,
      `SELECT count(*)::int AS spans FROM ps_trace.trace_tree('0af7651916cd43dd8448eb211c80319c')`,
    ];
    for (const sql of asked) {
      const usual = await inOneSession(sql);
      expect(await inOneSession('SET search_path = evil, ps_trace, pg_catalog', sql)).toEqual(usual);
    }
    expect(await inOneSession(asked[1] ?? '')).toEqual([{ spans: hostile.length }]);
  });
});

describe('hostile text', () => {
  it('as any argument of any function is refused as what it is not, or is a value like others', async () => {
    const before = await queryOnce(database.url, `SELECT count(*)::int AS spans FROM tracestore.span`);
    for (const { name, call, types } of await functions()) {
      for (const value of hostile) {
        const url = adminFunctions.includes(name) && name !== 'delete_all_traces' ? database.url : reader.url;
        const error: unknown = await queryOnce(
          url,
          call,
          types.map(() => value),
        ).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(pg.DatabaseError);
        // 22: the value is none of that type; 42501: no right to call it.
        expect(`${name}: ${(error as pg.DatabaseError).code}`).toMatch(/: (22\w{3}|42501|42725)$/);
      }
    }
    expect(await queryOnce(database.url, `SELECT count(*)::int AS spans FROM tracestore.span`)).toEqual(before);
  });

  it('as a name is found by that name, also by the queries of dashboards', async () => {
    for (const name of hostile) {
      // As Grafana writes ${service:sqlstring}.
      const quoted = `'${name.replaceAll("'", "''")}'`;
      expect(
        await queryOnce(
          reader.url,
          `SELECT service_name, span_name, status_message FROM span WHERE service_name IN (${quoted})`,
        ),
      ).toEqual([{ service_name: name, span_name: name, status_message: name }]);
      expect(
        await queryOnce(
          reader.url,
          `SELECT DISTINCT span_name FROM _ps_trace.operation WHERE service_name_id IN (
             SELECT id FROM _ps_trace.tag WHERE key = 'service.name' AND value#>>'{}' IN (${quoted}))`,
        ),
      ).toEqual([{ span_name: name }]);
      expect(
        await queryOnce(
          reader.url,
          `SELECT count(*)::int AS events FROM event WHERE event_tags ->> $1 = $1 AND event_name = $1`,
          [name],
        ),
      ).toEqual([{ events: 1 }]);
    }
    const [row] = await queryOnce<{ json: string }>(
      reader.url,
      `SELECT trace_otlp(trace_id)::text AS json FROM span LIMIT 1`,
    );
    const names = new Set(
      (JSON.parse(row?.json ?? '') as { resourceSpans: { schemaUrl: string }[] }).resourceSpans.map(
        ({ schemaUrl }) => schemaUrl,
      ),
    );
    expect(names).toEqual(new Set(hostile));
  });
});
