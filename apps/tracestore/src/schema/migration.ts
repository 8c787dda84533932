import { readdirSync } from 'node:fs';
import pg, { type ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';
import { readSql } from '../sql.js';
import { checksumOf } from './checksum.js';
import { MigrationError } from './migration-error.js';
import { prepareReaderRole, type ReaderLack } from './reader-role.js';
import { type ReleasedMigration, releasedMigrations } from './released-migrations.js';
import {
  applyObjects,
  applyObjectsBeforeTables,
  type ObjectsOutcome,
  readObjects,
  type SchemaObjects,
} from './schema-objects.js';

/** A numbered file of `tables/`: a change of the tables. It is applied once. */
export interface Migration {
  /** The file's name; migrations are applied in the order of their names. */
  readonly name: string;
  readonly sql: string;
}

/** The schema of a build: its tables, and the views and functions on them. */
export interface Schema {
  readonly migrations: readonly Migration[];
  readonly objects: SchemaObjects;
}

/** What a run of `migrate` did and found. */
export interface MigrationOutcome {
  /** The names of the migrations that this run applied. */
  readonly applied: readonly string[];
  /** What became of the views and functions. */
  readonly objects: ObjectsOutcome;
  /** What statements of users lack; undefined when they can run as `ps_trace_reader`. */
  readonly readerLack: ReaderLack | undefined;
}

const beginMigrations = readSql(import.meta.url, 'begin-migrations.sql');
const lockMigrations = readSql(import.meta.url, 'lock-migrations.sql');
const makeLedger = readSql(import.meta.url, 'migration-ledger.sql');
const findMigrations = readSql(import.meta.url, 'find-migrations.sql');
const insertMigration = readSql<{ readonly name: string; readonly checksum: string }>(
  import.meta.url,
  'insert-migration.sql',
);
const adoptMigration = readSql<{ readonly name: string; readonly new_name: string; readonly checksum: string }>(
  import.meta.url,
  'adopt-migration.sql',
);
const retireMigration = readSql<{ readonly name: string }>(import.meta.url, 'retire-migration.sql');

/**
 * Two processes created the same schema or table at once, and this one failed: unique_violation, duplicate_schema,
 * duplicate_table, or a catalog row that the other one changed (internal_error).
 */
const lostRace: ReadonlySet<string> = new Set(['23505', '42P06', '42P07', 'XX000']);

/** The second try after a lost race finds everything created. */
const mostTries = 3;

/** The schema of this build. */
export function readSchema(): Schema {
  return { migrations: readMigrations(), objects: readObjects() };
}

/** The migrations of this build, in order. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(new URL('tables/', import.meta.url))
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({ name, sql: readSqlFile(import.meta.url, `tables/${name}`) }));
}

/**
 * Brings a database to the schema of this build, in one transaction: all of it or nothing. Several processes can do so at
 * once: a lock of the table of migrations admits one after the other, and the second finds nothing to do. Then creates the
 * role `ps_trace_reader`, as far as the privileges allow.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @param onPending gets the names of the migrations to apply, before they are applied, if there are any
 * @throws MigrationError when an applied migration has changed or is unknown to this build, when a user's object depends on
 *   one that has to be created again, or when the encoding isn't UTF-8
 * @throws DatabaseError of pg when a statement fails, or when a lock is not free in time
 */
export async function migrate(
  client: ClientBase,
  { migrations, objects }: Schema = readSchema(),
  onPending: (names: readonly string[]) => void = () => undefined,
): Promise<MigrationOutcome> {
  await requireUtf8(client);
  const outcome = await underLock(client, async () => {
    const applied = await findApplied(client, migrations);
    const pending = pendingMigrations(migrations, applied);
    const names = pending.map(({ name }) => name);
    if (names.length > 0) {
      onPending(names);
      await applyObjectsBeforeTables(client, objects);
    }
    for (const { name, sql } of pending) {
      await client.query(sql);
      await client.query(insertMigration.bind({ name, checksum: checksumOf(sql) }));
    }
    return { applied: names, objects: await applyObjects(client, objects, names.length > 0) };
  });
  // In a transaction of its own, which is short: roles belong to the whole server, and other databases may wait for it.
  const readerLack = await mendReaderRole(client);
  return { ...outcome, readerLack };
}

/** @returns the checksums of the applied migrations by name; those of earlier builds have got their present names */
async function findApplied(client: ClientBase, migrations: readonly Migration[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(findMigrations.bind());
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const checksums = new Map(migrations.map(({ name, sql }) => [name, checksumOf(sql)]));
  for (const { name, tables } of releasedAmong(applied)) {
    applied.delete(name);
    const checksum = tables === undefined ? undefined : checksums.get(tables);
    if (tables === undefined || checksum === undefined) {
      await client.query(retireMigration.bind({ name }));
    } else {
      await client.query(adoptMigration.bind({ name, new_name: tables, checksum }));
      applied.set(tables, checksum);
    }
  }
  return applied;
}

/**
 * The applied migrations that earlier builds had.
 *
 * @param applied checksum by name
 * @throws MigrationError if no build has released this version of one
 */
export function releasedAmong(applied: ReadonlyMap<string, string>): readonly ReleasedMigration[] {
  return [...applied].flatMap(([name, checksum]) => {
    const versions = releasedMigrations.filter((released) => released.name === name);
    if (versions.length === 0) return [];
    const version = versions.find(({ checksums }) => checksums.includes(checksum));
    if (version === undefined) throw new MigrationError(changedMessage(name));
    return [version];
  });
}

/**
 * Creates the role `ps_trace_reader` on a migrated database, as far as the privileges allow.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @returns what statements of users still lack
 * @throws DatabaseError of pg, also when a lock is not free in time
 */
export function mendReaderRole(client: ClientBase): Promise<ReaderLack | undefined> {
  return underLock(client, () => prepareReaderRole(client));
}

/** Runs in a transaction under the lock of the migrations. On an empty database it creates the table to lock first. */
async function underLock<Result>(client: ClientBase, run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    await client.query(beginMigrations.bind());
    try {
      if (!(await lock(client))) {
        await client.query('ROLLBACK');
        if (tries < mostTries) continue;
        throw new Error(`Other processes created the schema tracestore during each of ${mostTries} tries`);
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

/** @returns false when another process has created the table of migrations at the same time */
async function lock(client: ClientBase): Promise<boolean> {
  try {
    await client.query(makeLedger.bind());
    await client.query(lockMigrations.bind());
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && lostRace.has(error.code ?? '')) return false;
    throw error;
  }
}

/** Another encoding lacks characters: one such character would fail a whole request. */
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
      throw new MigrationError(changedMessage(name));
    }
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

function changedMessage(name: string): string {
  return (
    `Migration ${name} has changed since this database applied it: start a development database with npm start -- --fresh, ` +
    'or undo the change and write a new migration'
  );
}
