import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';

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
  /** Whether the role `ps_trace_reader` has all rights and settings that it should have. */
  readonly readerIsReady: boolean;
}

/** The database and this build don't belong together; trying again won't help. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

const lockMigrations = readSqlFile(import.meta.url, 'lock-migrations.sql');
const makeLedger = readSqlFile(import.meta.url, 'migration-ledger.sql');
const findMigrations = readSqlFile(import.meta.url, 'find-migrations.sql');
const insertMigration = readSqlFile(import.meta.url, 'insert-migration.sql');
const findReaderRole = readSqlFile(import.meta.url, 'find-reader-role.sql');

/** Makes the read-only role and its rights; an administrator may run it where we may not. */
export const makeReaderRole = readSqlFile(import.meta.url, 'reader-role.sql');

/** The migrations of this build, in order. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(new URL('migrations/', import.meta.url))
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({ name, sql: readSqlFile(import.meta.url, `migrations/${name}`) }));
}

/**
 * Brings a database to the state that this build needs, in one transaction: all of it or nothing. Several processes may
 * do so at once; an advisory lock lets one after the other in, and the second finds nothing to do.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @throws MigrationError when an applied migration has changed or is unknown to this build, or the encoding isn't UTF-8
 * @throws DatabaseError of pg when a statement fails
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationOutcome> {
  await client.query('BEGIN');
  try {
    await client.query(lockMigrations);
    await requireUtf8(client);
    await client.query(makeLedger);
    const { rows } = await client.query<{ name: string; checksum: string }>(findMigrations);
    const pending = pendingMigrations(migrations, new Map(rows.map(({ name, checksum }) => [name, checksum])));
    for (const { name, sql } of pending) {
      await client.query(sql);
      await client.query(insertMigration, [name, checksumOf(sql)]);
    }
    if (!(await readerIsReady(client))) await client.query(makeReaderRole);
    const outcome = { applied: pending.map(({ name }) => name), readerIsReady: await readerIsReady(client) };
    await client.query('COMMIT');
    return outcome;
  } catch (error) {
    // A connection that is lost has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Text of any language must fit: in another encoding some characters would be refused, and a whole request with them. */
async function requireUtf8(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding;
  if (encoding !== 'UTF8') throw new MigrationError(`The database's encoding is ${encoding}; tracestore needs UTF8`);
}

async function readerIsReady(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ is_ready: boolean }>(findReaderRole);
  return rows[0]?.is_ready === true;
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
