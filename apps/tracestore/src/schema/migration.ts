import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import pg, { type ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';
import { UnsuitableDatabaseError } from '../errors/database-failure.js';
import { prepareReaderRole, type ReaderLack } from './reader-role.js';

/** One numbered `.sql` file: what changes together. */
export interface Migration {
  /** The file's name; migrations are applied in the order of their names. */
  readonly name: string;
  readonly sql: string;
}

/** What a run of `migrate` did and found. */
export interface MigrationOutcome {
  /** The names of the migrations that this run applied. */
  readonly applied: readonly string[];
  /** What statements of users lack; undefined when they can run as `ps_trace_reader`. */
  readonly readerLack: ReaderLack | undefined;
}

/** The database and this build don't belong together; trying again won't help. */
export class MigrationError extends UnsuitableDatabaseError {
  override readonly name = 'MigrationError';
}

const beginMigrations = readSqlFile(import.meta.url, 'begin-migrations.sql');
const lockMigrations = readSqlFile(import.meta.url, 'lock-migrations.sql');
const makeLedger = readSqlFile(import.meta.url, 'migration-ledger.sql');
const findMigrations = readSqlFile(import.meta.url, 'find-migrations.sql');
const insertMigration = readSqlFile(import.meta.url, 'insert-migration.sql');

/**
 * Two processes made the same schema or table at once, and this one lost: unique_violation, duplicate_schema,
 * duplicate_table, or a catalog row that was changed underneath (internal_error).
 */
const lostRace: ReadonlySet<string> = new Set(['23505', '42P06', '42P07', 'XX000']);

/** A lost race leaves nothing to lose the next time. */
const mostTries = 3;

/** The migrations of this build, in order. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(new URL('migrations/', import.meta.url))
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({ name, sql: readSqlFile(import.meta.url, `migrations/${name}`) }));
}

/**
 * Brings a database to the state that this build needs, in one transaction: all of it or nothing. Several processes may
 * do so at once: a lock on the table of migrations lets one after the other in, and the second finds nothing to do. Then
 * makes the role `ps_trace_reader`, as far as it can.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @param onPending is given the names of the migrations that are about to be applied, when there are some
 * @throws MigrationError when an applied migration has changed or is unknown to this build, or the encoding isn't UTF-8
 * @throws DatabaseError of pg when a statement fails, or when a lock is not free in time
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[] = readMigrations(),
  onPending: (names: readonly string[]) => void = () => undefined,
): Promise<MigrationOutcome> {
  await requireUtf8(client);
  const applied = await underLock(client, async () => {
    const { rows } = await client.query<{ name: string; checksum: string }>(findMigrations);
    const pending = pendingMigrations(migrations, new Map(rows.map(({ name, checksum }) => [name, checksum])));
    const names = pending.map(({ name }) => name);
    if (names.length > 0) onPending(names);
    for (const { name, sql } of pending) {
      await client.query(sql);
      await client.query(insertMigration, [name, checksumOf(sql)]);
    }
    return names;
  });
  // In a transaction of its own, which is short: roles are the whole server's, and other databases may wait for it.
  const readerLack = await mendReaderRole(client);
  return { applied, readerLack };
}

/**
 * Makes the role `ps_trace_reader` on a migrated database, as far as it can.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @returns what statements of users still lack
 * @throws DatabaseError of pg, also when a lock is not free in time
 */
export function mendReaderRole(client: ClientBase): Promise<ReaderLack | undefined> {
  return underLock(client, () => prepareReaderRole(client));
}

/** Runs in a transaction that no other process is in. On an empty database the lock itself is made first. */
async function underLock<Result>(client: ClientBase, run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    await client.query(beginMigrations);
    try {
      if (!(await lock(client))) {
        await client.query('ROLLBACK');
        if (tries < mostTries) continue;
        throw new Error('Another process makes the schema tracestore again and again');
      }
      const result = await run();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that is lost has rolled back by itself.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/** @returns false when another process has made the table of migrations at the same time */
async function lock(client: ClientBase): Promise<boolean> {
  try {
    await client.query(makeLedger);
    await client.query(lockMigrations);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && lostRace.has(error.code ?? '')) return false;
    throw error;
  }
}

/** Text of any language must fit: in another encoding some characters would be refused, and a whole request with them. */
async function requireUtf8(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding;
  if (encoding !== 'UTF8') throw new MigrationError(`The database's encoding is ${encoding}; tracestore needs UTF8`);
}

/**
 * The migrations that a database lacks, in order.
 *
 * @param applied checksum by name
 * @throws MigrationError naming the file that was changed after it was applied, or that this build doesn't have
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, string>,
): readonly Migration[] {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new MigrationError(
      `The database has migration ${unknown}, which this build doesn't know: it is older than its database`,
    );
  }
  for (const { name, sql } of migrations) {
    const checksum = applied.get(name);
    if (checksum !== undefined && checksum !== checksumOf(sql)) {
      throw new MigrationError(`Migration ${name} has changed since it was applied; write a new one instead`);
    }
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

/** SHA-256 in hex, the same whatever line endings a checkout has. */
export function checksumOf(sql: string): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}
