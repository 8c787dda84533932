import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { expectedSpans, readStoredSpans } from '@spandrel/testing/stored-spans';
import { migrate, type MigrationOutcome, readSchema } from './migration.js';

let database: FreshDatabase;
/** Roles that a test has made. They belong to the whole server. */
const roles: string[] = [];

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(async () => {
  await database.drop();
  for (const role of roles.splice(0)) await queryOnce(inject('superuserUrl'), `DROP ROLE ${role}`);
});

async function migrateAs(url: string, schema = readSchema()): Promise<MigrationOutcome> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await migrate(client, schema);
  } finally {
    await client.end();
  }
}

/** A role that may log in and has only these rights, as a URL to the test's database. */
async function roleUrl(...statements: readonly string[]): Promise<string> {
  const role = `role_${randomBytes(4).toString('hex')}`;
  await queryOnce(database.superuserUrl, `CREATE ROLE ${role} LOGIN PASSWORD 'secret' NOSUPERUSER NOCREATEROLE`);
  roles.push(role);
  const url = new URL(database.url);
  const name = url.pathname.slice(1);
  for (const statement of statements) {
    await queryOnce(database.superuserUrl, statement.replaceAll('$role', role).replaceAll('$database', name));
  }
  url.username = role;
  url.password = 'secret';
  return url.href;
}

const all = readSchema().migrations.map(({ name }) => name);

describe('migrations', () => {
  it('are applied once each, by whichever of several processes comes first', async () => {
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => migrateAs(database.url)));
    expect(outcomes.flatMap(({ applied }) => applied).toSorted()).toEqual(all);
    expect((await migrateAs(database.url)).applied).toEqual([]);
    const rows = await queryOnce<{ name: string }>(database.url, 'SELECT name FROM tracestore.migration ORDER BY name');
    expect(rows.map(({ name }) => name)).toEqual(all);
  });

  it('let two stores start on the same empty database', async () => {
    const stores = await Promise.all([startTracestore(database.url), startTracestore(database.url)]);
    for (const store of stores) expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
    await Promise.all(stores.map((store) => store.stop()));
  });

  it('stop a store whose migrations were changed afterwards, with the name of the file', async () => {
    await migrateAs(database.url);
    await queryOnce(database.url, `UPDATE tracestore.migration SET checksum = 'x' WHERE name = '0002-types.sql'`);
    await expect(startTracestore(database.url)).rejects.toThrow(
      'Migration 0002-types.sql has changed since this database applied it: start a development database with npm start -- --fresh',
    );
  });

  it('stop a store of an earlier version that they do not admit', async () => {
    await migrateAs(database.url);
    await queryOnce(
      database.url,
      `INSERT INTO tracestore.migration (name, checksum) VALUES ('9999-from-the-future.sql', 'x')`,
    );
    await expect(startTracestore(database.url)).rejects.toThrow(
      "migration 9999-from-the-future.sql, which this build doesn't know and which admits no older build",
    );
  });

  it('leave nothing of one that fails, and keep those before it', async () => {
    const { migrations, objects } = readSchema();
    const broken = [...migrations, { name: '9998-broken.sql', sql: 'CREATE TABLE tracestore.x (); SELECT 1 / 0' }];
    await expect(migrateAs(database.url, { migrations: broken, objects })).rejects.toThrow('division by zero');
    const [row] = await queryOnce(
      database.url,
      `SELECT to_regclass('tracestore.x') AS broken, array_agg(name ORDER BY name) AS applied FROM tracestore.migration`,
    );
    expect(row).toEqual({ broken: null, applied: all });
  });

  it('refuse a database that cannot hold every text', async () => {
    const name = `latin_${randomBytes(4).toString('hex')}`;
    await queryOnce(database.superuserUrl, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    await expect(migrateAs(url.href)).rejects.toThrow("The database's encoding is LATIN1; tracestore needs UTF8");
    await queryOnce(database.superuserUrl, `DROP DATABASE ${name}`);
  });
});

describe('a role that is no superuser', () => {
  it.each([
    ['owns its database', ['ALTER DATABASE $database OWNER TO $role']],
    ['may create schemas', ['GRANT CREATE ON DATABASE $database TO $role']],
    [
      'owns the three schemas and may create no other',
      ['tracestore', 'ps_trace', '_ps_trace'].map((schema) => `CREATE SCHEMA ${schema} AUTHORIZATION $role`),
    ],
  ])('migrates and stores when it %s', async (_rights, statements) => {
    const url = await roleUrl(...statements);
    const store = await startTracestore(url);
    await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()));
    await store.stop();
    expect(await readStoredSpans(url)).toEqual(expectedSpans(fullRequest()));
  });

  it('is told the statement that mends the rights of ps_trace_reader, when it has no right to', async () => {
    await migrateAs(database.url);
    await queryOnce(database.url, 'REVOKE SELECT ON ps_trace.link FROM ps_trace_reader');
    const url = await roleUrl(
      'GRANT USAGE ON SCHEMA tracestore, ps_trace, _ps_trace TO $role',
      'GRANT ALL ON tracestore.migration, tracestore.schema_object TO $role',
    );
    const { applied, readerLack } = await migrateAs(url);
    expect(applied).toEqual([]);
    expect(readerLack?.message).toContain('may not SET ROLE ps_trace_reader. ps_trace_reader may not read every view');
    await queryOnce(database.url, readerLack?.statement ?? '');
    expect(await migrateAs(url)).toEqual({
      applied: [],
      newer: [],
      objects: 'unchanged',
      readerLack: undefined,
    });
  });
});

describe('the role ps_trace_reader', () => {
  it('reads the public views and nothing else', async () => {
    const store = await startTracestore(database.url);
    await sendGrpc(store.grpcAddress, encodeProtobuf(fullRequest()));
    await store.stop();
    const url = await roleUrl('GRANT ps_trace_reader TO $role');
    expect(await readStoredSpans(url)).toEqual(expectedSpans(fullRequest()));
    await expect(queryOnce(url, 'SELECT FROM tracestore.span')).rejects.toThrow(
      'permission denied for schema tracestore',
    );
    const rights = await queryOnce(
      url,
      `SELECT DISTINCT privilege_type FROM information_schema.role_table_grants
       WHERE grantee = 'ps_trace_reader' AND table_schema IN ('ps_trace', 'tracestore')`,
    );
    expect(rights).toEqual([{ privilege_type: 'SELECT' }]);
    await expect(queryOnce(url, 'CREATE TABLE ps_trace.x ()')).rejects.toThrow('permission denied for schema ps_trace');
  });
});
