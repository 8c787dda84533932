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
  writePrivateFile,
} from './database-access.ts';
import type { GuardOptions } from './parent-guard.ts';
import { findPostgresBinaries, type PostgresBinaries, postgresBinariesIn } from './postgres-binaries.ts';
import { untilServerEnds } from './running-server.ts';
import { databaseUser, makePrivateFolder, removeFolder } from './unprivileged.ts';

export interface PostgresOptions {
  /** Holds the data and the passwords. The user of the database must be able to enter its parent. */
  readonly folder: string;
  readonly port: number;
  /** false: writes are not synced to disk. */
  readonly durable: boolean;
  /** A temporary folder that the parent guard removes when this process is killed. */
  readonly tempFolder?: string | undefined;
  /** A folder of modules with other binaries than those of the clone. */
  readonly modules?: string | undefined;
  /** A folder with the programs of an installed PostgreSQL, which are used instead. */
  readonly bin?: string | undefined;
}

/** A database cluster that is ready to be started. */
export interface PreparedPostgres {
  readonly launch: GuardOptions;
  /** The URL of the superuser, for database `postgres`. */
  readonly url: string;
  readonly passwords: DatabasePasswords;
  readonly version: string;
}

/** How long processes of a killed server may use its data folder. */
const lastServerTimeoutMs = 10_000;

const hostAuthentication = `# npm start writes this file at each start.
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

/**
 * Creates the cluster if there is none, and returns how to start its server: on the loopback only, with a password for
 * every role, and with settings for a laptop. A cluster without passwords gets them and keeps its data.
 *
 * @throws Error when the binaries are missing, initdb fails, or the passwords cannot be set
 */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const { folder, port, durable, tempFolder, modules, bin } = options;
  const user = databaseUser();
  makePrivateFolder(folder, user);
  const binaries = bin === undefined ? findPostgresBinaries(user, modules) : postgresBinariesIn(bin);
  const data = path.join(folder, 'data');
  await untilServerEnds(data);
  const passwordsFile = path.join(folder, 'passwords.json');
  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    rmSync(passwordsFile, { force: true });
    initialise(binaries, data, durable);
  }
  const passwords = readPasswords(passwordsFile) ?? (await setPasswords(binaries, data, durable, passwordsFile));
  writePrivateFile(path.join(data, 'pg_hba.conf'), hostAuthentication, user);
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
    // The packaged binaries have no LLVM.
    jit: 'off',
    log_min_messages: 'warning',
    ...commonSettings(durable),
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
      // Fast shutdown: ends the sessions and writes a checkpoint.
      stopSignal: 'SIGINT',
      tempFolder,
      ...(user === undefined ? {} : { user }),
    },
  };
}

/**
 * Creates the roles `tracestore` and `backend` and the database `numbers`, if they are missing, and sets the passwords.
 *
 * @param url of the superuser
 * @returns the URLs for tracestore and backend
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

/** Returns the URL of the same server for another role and database. */
export function urlOf(url: string, role: string, password: string, database: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = password;
  changed.pathname = `/${database}`;
  return changed.href;
}

/**
 * Runs one statement on a new connection.
 *
 * @param role a role whose rights the statement has instead
 */
export async function query<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
  role?: 'ps_trace_reader',
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // The error of a lost connection would otherwise end this process.
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

/** Includes ::1 where the host has it: `localhost` may resolve to it first. */
function loopbackAddresses(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return ['127.0.0.1', ...(addresses.some(({ address }) => address === '::1') ? ['::1'] : [])];
}

/** Variables such as PGDATA in the shell of the user are about another server. */
function databaseEnvironment(): Readonly<Record<string, string | undefined>> {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function settingArguments(settings: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function commonSettings(durable: boolean): Readonly<Record<string, string>> {
  return {
    dynamic_shared_memory_type: process.platform === 'linux' ? 'mmap' : 'posix',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/**
 * Sets the password of the superuser in single-user mode, which requires the owner of the folder. It saves the passwords
 * afterwards: saved passwords are set.
 */
async function setPasswords(
  binaries: PostgresBinaries,
  data: string,
  durable: boolean,
  passwordsFile: string,
): Promise<DatabasePasswords> {
  const passwords = generatePasswords();
  const settings = settingArguments({ exit_on_error: 'on', ...commonSettings(durable) });
  const deadline = Date.now() + lastServerTimeoutMs;
  for (;;) {
    const { status, stderr, error } = spawnSync(binaries.postgres, ['--single', '-D', data, ...settings, 'postgres'], {
      cwd: '/',
      env: databaseEnvironment(),
      encoding: 'utf8',
      input: `ALTER ROLE postgres PASSWORD '${scramVerifier(passwords.postgres)}'\n`,
      ...databaseUser(),
    });
    if (status === 0) break;
    // The processes of a killed server end a moment later.
    if (!stderr?.includes('is still in use') || Date.now() > deadline)
      throw new Error(`The password of the superuser cannot be set: ${error?.message ?? stderr}`.trim());
    await sleep(200);
  }
  writePrivateFile(passwordsFile, `${JSON.stringify(passwords, undefined, 2)}\n`);
  return passwords;
}

function initialise(binaries: PostgresBinaries, data: string, durable: boolean): void {
  const user = databaseUser();
  // What an interrupted initdb left behind.
  removeFolder(data);
  makePrivateFolder(data, user);
  const options = [
    `--pgdata=${data}`,
    '--username=postgres',
    // No connection is accepted before the authentication file is written.
    '--auth=reject',
    '--encoding=UTF8',
    '--no-instructions',
    // The same order and case rules on every host.
    '--locale=C',
    // PostgreSQL 15 and 16 have no builtin provider.
    ...(Number.parseInt(binaries.version) < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']),
    ...(durable ? [] : ['--no-sync']),
  ];
  const { status, stdout, stderr, error } = spawnSync(binaries.initdb, options, {
    cwd: '/',
    env: databaseEnvironment(),
    encoding: 'utf8',
    ...user,
  });
  if (status === 0) return;
  removeFolder(data);
  if (stderr?.includes('could not look up effective user ID'))
    throw new Error(`PostgreSQL requires a user with a name: uid ${process.getuid?.()} is not in /etc/passwd`);
  throw new Error(`initdb failed: ${error?.message ?? `${stdout}${stderr}`}`.trim());
}
