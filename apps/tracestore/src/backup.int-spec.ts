import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlOf } from '@spandrel/embedded/postgres';
import { databaseUser, makeTemporaryFolder, removeFolder } from '@spandrel/embedded/unprivileged';
import { type RunningPostgres, startPostgres } from '@spandrel/testing/embedded-postgres';
import { freePort } from '@spandrel/testing/free-port';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { countNewCalls, prepareForRuns, recountSlice } from './aggregate/aggregation-run.js';

const root = path.join(import.meta.dirname, '../../..');
const page = readFileSync(path.join(root, 'docs/backup-and-restore.md'), 'utf8');
const rolesFile = path.join(root, 'helm/spandrel/files/database/roles.sql');
const run = promisify(execFile);

/** A command of the page, by its first word and a word that only it has. */
function command(start: string, having: string): string {
  const blocks = [...page.matchAll(/^```bash\n(.*?)^```/gms)].map(([, text = '']) => text);
  const found = blocks.find((text) => text.startsWith(start) && text.includes(having));
  if (found === undefined) throw new Error(`docs/backup-and-restore.md has no command ${start} … ${having}`);
  return found;
}

/** The folder of the programs of an installed PostgreSQL, its server and `pg_dump` among them. */
function installedPrograms(): string | undefined {
  const { stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const bin = stdout?.trim();
  const isWhole =
    bin && ['postgres', 'initdb'].every((name) => spawnSync(path.join(bin, name), ['--version']).status === 0);
  return isWhole ? bin : undefined;
}

const bin = installedPrograms();
const password = 'a-password-of-the-source';
const sentMs = Date.now() - 3_600_000;

/** Counts the calls of all slices again that were requested. */
async function recountSlices(client: pg.Client): Promise<void> {
  for (let slice: Date | undefined = new Date(); slice !== undefined;) slice = await recountSlice(client);
}

/** What a store of a server answers to users, in a fixed order. */
async function answersOf(url: string): Promise<unknown> {
  const answers: Record<string, unknown> = {};
  for (const view of ['span', 'event', 'link', 'trace', 'call_5m', 'service_call_5m'])
    answers[view] = await queryOnce(url, `SELECT v::text FROM ps_trace.${view} v ORDER BY 1`);
  answers['retention'] = await queryOnce(url, 'SELECT ps_trace.get_trace_retention_period()::text');
  answers['roles'] = await queryOnce(
    url,
    `SELECT r.rolname, r.rolcanlogin, r.rolsuper, s.setconfig, has_parameter_privilege(r.oid, 'temp_file_limit', 'SET') AS sets,
       ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1) AS member_of
     FROM pg_roles r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid
     WHERE r.rolname IN ('tracestore', 'backend', 'grafana', 'ps_trace_reader') ORDER BY 1`,
  );
  answers['functions'] = await queryOnce(
    url,
    `SELECT oid::regprocedure::text, proacl::text, prosrc, pg_get_userbyid(proowner) AS owner FROM pg_proc
     WHERE pronamespace IN ('ps_trace'::regnamespace, 'tracestore'::regnamespace) ORDER BY 1`,
  );
  return answers;
}

describe.skipIf(bin === undefined)('docs/backup-and-restore.md (requires an installed PostgreSQL with pg_dump)', () => {
  const servers: RunningPostgres[] = [];
  let folder: string;
  let source: string;
  let target: string;
  let store: RunningTracestore | undefined;

  beforeAll(async () => {
    folder = makeTemporaryFolder(databaseUser());
    const start = async (name: string): Promise<string> => {
      const server = await startPostgres({
        folder: path.join(folder, name),
        port: await freePort(),
        durable: false,
        tempFolder: folder,
        bin,
      });
      servers.push(server);
      return server.url;
    };
    [source, target] = await Promise.all([start('source'), start('target')]);
  });

  afterAll(async () => {
    await store?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    removeFolder(folder);
  });

  /** Runs a shell command whose programs of PostgreSQL use a server as its superuser. */
  async function onServer(url: string, script: string): Promise<void> {
    const { hostname, port, username, password: secret } = new URL(url);
    await run('bash', ['-e', '-c', script], {
      cwd: folder,
      env: {
        PATH: `${bin}:${process.env['PATH']}`,
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: username,
        PGPASSWORD: secret,
      },
    });
  }

  async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  }

  it('a dump restored into a new server gives the same answers, roles and retention', async () => {
    const names = ['tracestore', 'backend', 'grafana'];
    const passwords = names.map((name) => `--set=${name}_password=${password}`).join(' ');
    await onServer(source, `psql --dbname=postgres --set=ON_ERROR_STOP=1 ${passwords} --file='${rolesFile}'`);
    const owner = (url: string): string => urlOf(url, 'tracestore', password, 'postgres');
    store = await startTracestore(owner(source));
    await sendPasswordTraces(store, sentMs);
    await store.stop();
    await withClient(owner(source), async (client) => {
      await prepareForRuns(client);
      await countNewCalls(client, 10_000);
      // The store may have counted some of the spans: its calls are then in several rows.
      await client.query('SELECT tracestore.recount_calls(min(start_time), max(start_time)) FROM tracestore.span');
      await recountSlices(client);
      await client.query(`SELECT ps_trace.set_trace_retention_period('36000 days')`);
    });

    await onServer(source, command('pg_dumpall', 'pg_dump '));
    await onServer(target, command('psql', '--file=roles.sql'));
    // The file sets the password of the superuser, too.
    target = urlOf(target, 'postgres', new URL(source).password, 'postgres');
    await onServer(target, command('pg_restore', '--single-transaction'));
    await onServer(target, command('pg_restore', '--create'));

    await withClient(owner(target), async (client) => {
      await prepareForRuns(client);
      expect(await countNewCalls(client, 10_000)).toMatchObject({ restoredSlices: expect.any(Number) as number });
      await recountSlices(client);
    });
    expect(await answersOf(target)).toEqual(await answersOf(source));
    expect(await queryOnce(target, 'SELECT count(*)::int > 3 AS has_calls FROM ps_trace.call_5m')).toEqual([
      { has_calls: true },
    ]);
  });

  it('a store on the restored server is ready, and a retry of a stored request changes nothing', async () => {
    const count = async (): Promise<unknown> => queryOnce(target, 'SELECT count(*) FROM ps_trace.span');
    const before = await count();
    store = await startTracestore(urlOf(target, 'tracestore', password, 'postgres'));
    expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
    await sendPasswordTraces(store, sentMs);
    expect(await count()).toEqual(before);
    const reader = urlOf(target, 'grafana', password, 'postgres');
    expect(await queryOnce(reader, 'SELECT count(*) FROM span')).toEqual(before);
    await expect(queryOnce(reader, 'SELECT FROM tracestore.span')).rejects.toThrow('permission denied');
  });
});
