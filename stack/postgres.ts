import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import {
  type DatabasePasswords,
  generatePasswords,
  readPasswords,
  scramVerifier,
  writePasswords,
  writePrivateFile,
} from './database-access.ts';
import { describeExit, type LeashOptions, type LeashedProcess, startOnLeash } from './leash.ts';
import { endOrphanPostgres } from './orphan-postgres.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { databaseUser, makeOwnFolder, removeFolder } from './unprivileged.ts';

export interface PostgresOptions {
  /** Holds `data` and the passwords. Its parent must let the database's user in. */
  readonly folder: string;
  readonly port: number;
  /** false: nothing is synced to disk, for data that nobody will miss. */
  readonly durable: boolean;
  /** What is of no use without the server: goes when we are killed. Whoever stops the server removes it themselves. */
  readonly rubbish?: string | undefined;
  /** A folder of modules with other binaries than those that the clone has. */
  readonly modules?: string | undefined;
}

/** A database cluster that is ready to be started. */
export interface PreparedPostgres {
  readonly launch: LeashOptions;
  /** The superuser's, on database `postgres`. */
  readonly url: string;
  readonly passwords: DatabasePasswords;
  readonly version: string;
}

/** A running server, for those who need no supervision. */
export interface RunningPostgres {
  /** The superuser's, on database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How long the processes of a killed server may take to end, in ms. */
const lastServerTimeoutMs = 10_000;

/** Who may connect, and how: from this machine alone, with a password. */
const hostAuthentication = `# Written by \`npm start\`, at each start: what is changed here is lost.
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

/**
 * Creates the cluster if there is none, and says how to start its server: on the loopback only, where every role needs
 * its password, with settings for a laptop. A cluster of an earlier version, which trusted the whole machine, gets
 * passwords and keeps its data.
 *
 * @throws Error when the binaries are missing, initdb fails or the passwords cannot be set
 */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const { folder, port, durable, rubbish, modules } = options;
  const user = databaseUser();
  makeOwnFolder(folder, user);
  const binaries = findPostgresBinaries(user, modules);
  const data = path.join(folder, 'data');
  await endOrphanPostgres(data);
  const passwordsFile = path.join(folder, 'passwords.json');
  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    rmSync(passwordsFile, { force: true });
    initialise(binaries, data, durable);
  }
  const passwords = readPasswords(passwordsFile) ?? (await givePassword(binaries, data, durable, passwordsFile));
  requirePasswords(data);
  const settings = {
    listen_addresses: loopbackAddresses().join(','),
    port,
    unix_socket_directories: '',
    max_connections: 60,
    shared_buffers: '64MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    effective_cache_size: '512MB',
    max_wal_size: '512MB',
    min_wal_size: '64MB',
    wal_compression: 'pglz',
    dynamic_shared_memory_type: process.platform === 'linux' ? 'mmap' : 'posix',
    // A process of ours runs no JIT-worthy query, and the packaged binaries bring no LLVM.
    jit: 'off',
    log_min_messages: 'warning',
    ...durabilitySettings(durable),
  };
  return {
    url: `postgres://postgres:${passwords.postgres}@127.0.0.1:${port}/postgres`,
    passwords,
    version: binaries.version,
    launch: {
      command: binaries.postgres,
      args: ['-D', data, ...settingArguments(settings)],
      env: databaseEnvironment(),
      cwd: '/',
      // "Fast": end the sessions, write a checkpoint, leave.
      stopSignal: 'SIGINT',
      rubbish,
      ...(user === undefined ? {} : { user }),
    },
  };
}

/**
 * Resolves when the server answers a query.
 *
 * @throws Error when it ends first, the signal aborts, or it does not answer within `timeoutMs`
 */
export async function untilPostgresAnswers(
  url: string,
  server: Pick<LeashedProcess, 'exited'>,
  signal?: AbortSignal,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let ended: string | undefined;
  void server.exited.then((exit) => (ended = describeExit(exit)));
  for (;;) {
    const failure = await query(url, 'SELECT 1').then(
      () => undefined,
      (error: unknown) => error,
    );
    if (ended !== undefined) throw new Error(`PostgreSQL ended: ${ended}`);
    if (failure === undefined) return;
    signal?.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer: ${String(failure)}`, { cause: failure });
    await sleep(50);
  }
}

/**
 * Starts a server and waits until it answers.
 *
 * @throws Error with the server's last words when it does not start
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { launch, url } = await preparePostgres(options);
  const server = await startOnLeash(launch);
  let words = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2_000)));
  }
  const stop = async (): Promise<void> => {
    server.letGo();
    await server.exited;
  };
  try {
    await untilPostgresAnswers(url, server);
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words.trim()}`, { cause: error });
  }
  return { url, stop };
}

/**
 * Makes what the stack needs on its own server, as far as it is missing: the roles `tracestore` and `backend` with their
 * passwords, and the database `numbers`.
 *
 * @param url the superuser's
 * @returns the URLs with which tracestore and backend connect
 */
export async function prepareDatabases(
  url: string,
  passwords: DatabasePasswords,
): Promise<{ readonly tracestore: string; readonly backend: string }> {
  await query(url, readFileSync(new URL('database-roles.sql', import.meta.url), 'utf8'));
  for (const role of ['tracestore', 'backend'] as const) {
    await query(url, `ALTER ROLE ${role} PASSWORD '${scramVerifier(passwords[role])}'`);
  }
  const existing = await query(url, "SELECT FROM pg_database WHERE datname = 'numbers'");
  if (existing.length === 0) await query(url, 'CREATE DATABASE numbers OWNER backend');
  return {
    tracestore: urlOf(url, 'tracestore', passwords.tracestore, 'postgres'),
    backend: urlOf(url, 'backend', passwords.backend, 'numbers'),
  };
}

/** The same server's URL for another role and database. */
export function urlOf(url: string, role: string, password: string, database: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = password;
  changed.pathname = `/${database}`;
  return changed.href;
}

/**
 * Runs one statement on a connection of its own.
 *
 * @param role whose rights it has instead of those of the role that logs in
 */
export async function query<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
  role?: 'ps_trace_reader',
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that goes away between statements must not take us with it.
  client.on('error', () => {});
  try {
    await client.connect();
    if (role !== undefined) await client.query(`SET ROLE ${role}`);
    const { rows } = await client.query<Row>(text, [...values]);
    return rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** ::1 too where the host has it, since that is what `localhost` may mean first. */
function loopbackAddresses(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap(
    (entries) => entries?.map(({ address }) => address) ?? [],
  );
  return addresses.includes('::1') ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
}

/** PGDATA and its like in the user's shell are about another server. */
function databaseEnvironment(): Readonly<Record<string, string | undefined>> {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function settingArguments(settings: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function durabilitySettings(durable: boolean): Readonly<Record<string, string>> {
  return durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
}

/**
 * Sets the superuser's password in single-user mode, which lets the owner of the folder in and nobody else, then keeps it.
 * In this order: passwords that are kept are set.
 */
async function givePassword(
  binaries: PostgresBinaries,
  data: string,
  durable: boolean,
  passwordsFile: string,
): Promise<DatabasePasswords> {
  const passwords = generatePasswords();
  const settings = {
    exit_on_error: 'on',
    dynamic_shared_memory_type: process.platform === 'linux' ? 'mmap' : 'posix',
    ...durabilitySettings(durable),
  };
  const deadline = Date.now() + lastServerTimeoutMs;
  for (;;) {
    const { status, stderr, error } = spawnSync(
      binaries.postgres,
      ['--single', '-D', data, ...settingArguments(settings), 'postgres'],
      {
        cwd: '/',
        env: databaseEnvironment(),
        encoding: 'utf8',
        input: `ALTER ROLE postgres PASSWORD '${scramVerifier(passwords.postgres)}'\n`,
        ...databaseUser(),
      },
    );
    if (status === 0) break;
    // A server that was killed leaves processes behind, which end a moment later.
    if (!stderr?.includes('is still in use') || Date.now() > deadline) {
      const reason = error?.message ?? `exit code ${status}`;
      throw new Error(`PostgreSQL could not set its superuser's password (${reason}): ${stderr}`.trim());
    }
    await sleep(200);
  }
  writePasswords(passwordsFile, passwords);
  return passwords;
}

function requirePasswords(data: string): void {
  const file = path.join(data, 'pg_hba.conf');
  if (existsSync(file) && readFileSync(file, 'utf8') === hostAuthentication) return;
  writePrivateFile(file, hostAuthentication, databaseUser());
}

function initialise(binaries: PostgresBinaries, data: string, durable: boolean): void {
  const user = databaseUser();
  // What an initdb that was cut short left behind.
  removeFolder(data);
  makeOwnFolder(data, user);
  const { status, stdout, stderr, error } = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${data}`,
      '--username=postgres',
      // Nobody gets in before `requirePasswords`.
      '--auth=reject',
      '--encoding=UTF8',
      '--no-instructions',
      // The same order and case rules on every host, whatever locales it has.
      '--locale=C',
      // Before 17 there is only C, which knows the letters of ASCII alone.
      ...(Number.parseInt(binaries.version) < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']),
      ...(durable ? [] : ['--no-sync']),
    ],
    { cwd: '/', env: databaseEnvironment(), encoding: 'utf8', ...user },
  );
  if (status === 0) return;
  removeFolder(data);
  if (stderr?.includes('could not look up effective user ID')) {
    throw new Error(`PostgreSQL needs its user to have a name, and uid ${process.getuid?.()} is not in /etc/passwd`);
  }
  throw new Error(`initdb failed (${error?.message ?? `exit code ${status}`}):\n${stdout}${stderr}`.trim());
}
