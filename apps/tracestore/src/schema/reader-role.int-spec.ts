import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@spandrel/testing/free-port';
import { type RunningPostgres, startPostgres } from '@spandrel/testing/embedded-postgres';
import { databaseUser, makeTemporaryFolder, removeFolder } from '@spandrel/embedded/unprivileged';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

/** A name that has to be quoted everywhere, also inside of a DO block. */
const login = `Trace "store" $mend$`;
const quoted = pg.escapeIdentifier(login);

let folder: string;
let server: RunningPostgres;
let major: number;
/** The administrator's, and the store's, of the database of one test. */
let admin: string;
let url: string;
let store: RunningTracestore | undefined;

/** Roles are the whole server's, so this spec has a server of its own: of the version that the other specs have. */
beforeAll(async () => {
  folder = makeTemporaryFolder(databaseUser());
  const modules = process.env['TEST_POSTGRES_MODULES'];
  server = await startPostgres({ folder, port: await freePort(), durable: false, tempFolder: folder, modules });
  const [row] = await queryOnce<{ version: number }>(
    server.url,
    `SELECT current_setting('server_version_num')::int4 / 10000 AS version`,
  );
  major = row?.version ?? 0;
});

afterAll(async () => {
  await server.stop();
  removeFolder(folder);
});

afterEach(async () => {
  await store?.stop();
  store = undefined;
  await queryOnce(server.url, `DROP DATABASE spec WITH (FORCE)`);
  await queryOnce(server.url, `DROP ROLE IF EXISTS ps_trace_reader`);
  await queryOnce(server.url, `DROP ROLE ${quoted}`);
});

/** Makes the store's role and database. `before` is run by an administrator, `asOwner` by the store's role. */
async function prepare(attributes: string, before: readonly string[], asOwner: readonly string[] = []): Promise<void> {
  await queryOnce(server.url, `CREATE ROLE ${quoted} LOGIN PASSWORD 'secret' ${attributes}`);
  await queryOnce(server.url, `CREATE DATABASE spec OWNER ${quoted}`);
  const changed = new URL(server.url);
  changed.pathname = '/spec';
  admin = changed.href;
  changed.username = encodeURIComponent(login);
  changed.password = 'secret';
  url = changed.href;
  for (const statement of before) await queryOnce(admin, statement);
  for (const statement of asOwner) await queryOnce(url, statement);
}

interface Ready {
  readonly status: string;
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly statement?: string }[];
}

async function ready(): Promise<Ready> {
  const response = await fetch(`${store?.url}/readyz`);
  expect(response.status).toBe(200);
  return (await response.json()) as Ready;
}

function ask(sql: string): Promise<Response> {
  return fetch(`${store?.url}/api/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql }),
  });
}

async function expectThatTheSqlPageWorks(): Promise<void> {
  const answer = await ask('SELECT current_user, count(*)::int FROM span');
  expect(await answer.json()).toMatchObject({ rows: [['ps_trace_reader', 0]] });
  expect((await fetch(`${store?.url}/api/sql/catalogue`)).status).toBe(200);
  expect((await ready()).warnings).toEqual([]);
}

const createRole = 'CREATE ROLE ps_trace_reader NOLOGIN';
const withSet = (): string => (major < 16 ? '' : ' WITH SET TRUE, INHERIT FALSE');

describe('the SQL page works at once', () => {
  it.each([
    ['a superuser and no role', 'SUPERUSER', [], []],
    ['a superuser and a role', 'SUPERUSER', [createRole], []],
    ['an owner who may create roles, and no role', 'CREATEROLE', [], []],
    ['an owner who created the role before, without the right to SET it', 'CREATEROLE', [], [createRole]],
    [
      'an owner who may create roles, and was granted the role',
      'CREATEROLE',
      [createRole, `GRANT ps_trace_reader TO ${quoted}`],
      [],
    ],
    [
      'an owner who may not create roles, and was granted the role',
      '',
      [createRole, `GRANT ps_trace_reader TO ${quoted}`],
      [],
    ],
    ['a role that was created for the owner', '', [`${createRole} ROLE ${quoted}`], []],
    [
      'a database where nobody else may create temporary objects',
      '',
      [`${createRole} ROLE ${quoted}`, 'REVOKE TEMPORARY ON DATABASE spec FROM PUBLIC'],
      [],
    ],
  ])('for %s', async (_title, attributes, before, asOwner) => {
    await prepare(attributes, before, asOwner);
    store = await startTracestore(url);
    await expectThatTheSqlPageWorks();
  });
});

describe('the store says what the role lacks, and notices when it is mended', () => {
  it.each([
    ['an owner who may not create roles, and no role', '', [], `${createRole} ROLE ${quoted};`],
    ['an owner who was not granted the role', '', [createRole], `GRANT ps_trace_reader TO ${quoted}$withSet;`],
    [
      'an owner who may create roles, and a role of somebody else',
      'CREATEROLE',
      [createRole],
      // Before PostgreSQL 16, who may create roles may grant all of them.
      undefined,
    ],
    [
      'an owner who was not granted the role, and a language that was closed',
      '',
      [createRole, 'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC', `GRANT USAGE ON LANGUAGE plpgsql TO ${quoted}`],
      `DO $mend_$ BEGIN GRANT ps_trace_reader TO ${quoted}$withSet; GRANT USAGE ON LANGUAGE plpgsql TO ps_trace_reader; END $mend_$;`,
    ],
  ])('for %s', async (_title, attributes, before, expected) => {
    await prepare(attributes, before);
    store = await startTracestore(url);
    if (expected === undefined && major < 16) {
      await expectThatTheSqlPageWorks();
      return;
    }
    const { warnings } = await ready();
    const statement = warnings[0]?.statement ?? '';
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.code).toBe('reader-role');
    expect(warnings[0]?.message).toContain(quoted);
    expect(statement).toBe((expected ?? `GRANT ps_trace_reader TO ${quoted}$withSet;`).replace('$withSet', withSet));
    const refused = await ask('SELECT 1');
    expect(refused.status).toBe(503);
    const problem = (await refused.json()) as { readonly detail: string; readonly statement: string };
    expect(problem.statement).toBe(statement);
    expect(problem.detail).toContain(statement);
    const system = (await (await fetch(`${store.url}/api/system`)).json()) as Ready;
    expect(system.warnings).toEqual(warnings);

    await queryOnce(admin, statement);
    await expectThatTheSqlPageWorks();
  });

  it('for an owner who may not create roles, without a statement on the SQL page in between', async () => {
    await prepare('', []);
    store = await startTracestore(url);
    const [warning] = (await ready()).warnings;
    await queryOnce(admin, warning?.statement ?? '');
    await expect.poll(async () => (await ready()).warnings, { timeout: 30_000 }).toEqual([]);
    await expectThatTheSqlPageWorks();
  });

  it('and takes back by itself what its owner gave too much', async () => {
    await prepare('CREATEROLE', []);
    store = await startTracestore(url);
    await store.stop();
    await queryOnce(
      url,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ps_trace TO ps_trace_reader; REVOKE SELECT ON ps_trace.event FROM ps_trace_reader`,
    );
    store = await startTracestore(url);
    await expectThatTheSqlPageWorks();
    expect((await ask('SELECT count(*) FROM event')).status).toBe(200);
    expect(await (await ask('SELECT delete_all_traces()')).text()).toContain('permission denied');
  });

  it('and writes nothing to the catalog while nothing changes', async () => {
    await prepare('', [createRole]);
    store = await startTracestore(url);
    const rowOf = async (): Promise<unknown> =>
      queryOnce(admin, `SELECT xmin::text, ctid::text FROM pg_class WHERE oid = 'ps_trace.span'::regclass`);
    // The last of the tries that are worth it.
    for (let look = 0; look < 4; look += 1) await ask('SELECT 1');
    const before = await rowOf();
    for (let look = 0; look < 3; look += 1) await ask('SELECT 1');
    expect(await rowOf()).toEqual(before);
    expect((await ready()).warnings).toHaveLength(1);
  });

  it('for a role that logs in and lacks the settings that keep it from changing anything', async () => {
    await prepare('', [
      `CREATE ROLE ps_trace_reader LOGIN`,
      `GRANT ps_trace_reader TO ${quoted}`,
      `ALTER ROLE ps_trace_reader IN DATABASE spec SET search_path = public`,
    ]);
    store = await startTracestore(url);
    expect((await ask('SELECT 1')).status).toBe(200);
    const [warning] = (await ready()).warnings;
    expect(warning?.message).toContain('lacks the settings of its sessions');
    await queryOnce(admin, warning?.statement ?? '');
    await expect.poll(async () => (await ready()).warnings, { timeout: 30_000 }).toEqual([]);
  });
});
