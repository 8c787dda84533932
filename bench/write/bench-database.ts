import { chownSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { freePort } from '@spandrel/testing/free-port';
import { startGuarded } from '@spandrel/embedded/parent-guard';
import { preparePostgres } from '@spandrel/embedded/postgres';
import { untilPostgresAnswers } from '@spandrel/embedded/readiness';
import { databaseUser, removeFolder } from '@spandrel/embedded/unprivileged';
import { forwardOutput } from './child-output.ts';

/** The database of a benchmark. */
export interface BenchDatabase {
  readonly url: string;
  /** The main process of the server; undefined if it is not visible (another host, a container). */
  readonly serverPid: number | undefined;
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

/**
 * Settings of a server for real load, which the embedded one does not have. Autovacuum would disturb some measurements
 * and not others, so tables are vacuumed before their size is read. Without it, the summarization of BRIN indexes logs a
 * line at each request, which log_min_messages hides.
 */
const settings = {
  max_wal_size: '4GB',
  autovacuum: 'off',
  log_min_messages: 'fatal',
} as const;

export interface BenchDatabaseOptions {
  /** In the format of PostgreSQL's setting. */
  readonly sharedBuffers: string;
  /** A folder that is used with its content and kept. By default the folder is a new one, deleted at the end. */
  readonly keptFolder?: string | undefined;
}

/** Starts an embedded PostgreSQL that syncs to a real disk. */
export async function startBenchDatabase({ sharedBuffers, keptFolder }: BenchDatabaseOptions): Promise<BenchDatabase> {
  const user = databaseUser();
  if (keptFolder !== undefined) mkdirSync(keptFolder, { recursive: true });
  // Not in the folder of the tests: syncing to a disk in memory costs nothing.
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
 * Uses a given database, such as one with TimescaleDB. `stop` drops everything that tracestore created in it.
 *
 * @throws Error if it already has a schema tracestore, which may be in use
 */
export async function useBenchDatabase(url: string): Promise<BenchDatabase> {
  const client = await connect(url);
  const database = describe(url, client);
  const [found] = await database.query<{ found: boolean }>("SELECT to_regnamespace('tracestore') IS NOT NULL AS found");
  if (found?.found === true) {
    await client.end();
    throw new Error('the database must be empty, but has a schema tracestore');
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

/** @returns the parent of a backend, which is the server; undefined if the pid is not a PostgreSQL on this host */
function parentOfPostgres(backend: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${backend}/stat`, 'utf8');
    const [, name, parent] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat) ?? [];
    return name?.startsWith('postgres') === true ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}
