import { chownSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { freePort } from '@spandrel/testing/free-port';
import { startGuarded } from '../../stack/parent-guard.ts';
import { preparePostgres } from '../../stack/postgres.ts';
import { untilPostgresAnswers } from '../../stack/readiness.ts';
import { databaseUser, removeFolder } from '../../stack/unprivileged.ts';
import { forwardOutput } from './child-output.ts';

/** The database that is written to, and what can be known of it from outside. */
export interface BenchDatabase {
  readonly url: string;
  /** The server's first process; undefined when it is not ours to look at (another host, a container). */
  readonly serverPid: number | undefined;
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

/**
 * What a server for real load would have; the embedded one is set up for a laptop. Vacuuming in the background would
 * hit one way and spare another, so it waits for the end, when the size is taken; that BRIN indexes then have nobody to
 * ask for a summary is not worth a line each time.
 */
const settings = {
  max_wal_size: '4GB',
  autovacuum: 'off',
  log_min_messages: 'fatal',
} as const;

export interface BenchDatabaseOptions {
  /** As PostgreSQL's setting has it. */
  readonly sharedBuffers: string;
  /** Is used instead of a folder that is gone afterwards, with what it holds, and stays. */
  readonly keptFolder?: string | undefined;
}

/** A PostgreSQL of our own that syncs to a real disk. */
export async function startBenchDatabase({ sharedBuffers, keptFolder }: BenchDatabaseOptions): Promise<BenchDatabase> {
  const user = databaseUser();
  if (keptFolder !== undefined) mkdirSync(keptFolder, { recursive: true });
  // Not where tests have theirs: a disk in memory would sync for free.
  const folder = keptFolder ?? mkdtempSync(path.join(tmpdir(), 'spandrel-bench-'));
  if (user !== undefined) chownSync(folder, user.uid >>> 0, user.gid >>> 0);
  const tempFolder = keptFolder === undefined ? folder : undefined;
  const { launch, url } = await preparePostgres({ folder, port: await freePort(), durable: true, tempFolder });
  const added = Object.entries({ ...settings, shared_buffers: sharedBuffers }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const server = await startGuarded({ ...launch, args: [...launch.args, ...added] });
  forwardOutput(server);
  const stop = async (): Promise<void> => {
    server.release();
    await server.exited;
    if (keptFolder === undefined) removeFolder(folder);
  };
  try {
    await untilPostgresAnswers(url, server);
    const client = await connect(url);
    return { ...describe(url, client), serverPid: server.pid, stop: () => client.end().then(stop) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A database that is given, such as one with TimescaleDB. All that tracestore has in it is thrown away.
 *
 * @throws Error when it already holds spans: it may be somebody's
 */
export async function useBenchDatabase(url: string): Promise<BenchDatabase> {
  const client = await connect(url);
  const database = describe(url, client);
  const [found] = await database.query<{ found: boolean }>("SELECT to_regnamespace('tracestore') IS NOT NULL AS found");
  if (found?.found === true) {
    await client.end();
    throw new Error('the database has a schema tracestore: give one that is empty');
  }
  const [backend] = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return {
    ...database,
    serverPid: parentOfPostgres(backend?.pid ?? 0),
    stop: async () => {
      for (const schema of ['_ps_trace', 'ps_trace', 'tracestore']) {
        await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      }
      await client.end();
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client(url);
  await client.connect();
  return client;
}

function describe(url: string, client: Client): Pick<BenchDatabase, 'url' | 'query'> {
  return {
    url,
    query: async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(sql, [...values])).rows,
  };
}

/** A backend's parent is the server, if that pid is a PostgreSQL on this host at all. */
function parentOfPostgres(backend: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${backend}/stat`, 'utf8');
    const [, name, parent] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat) ?? [];
    return name?.startsWith('postgres') === true ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}
