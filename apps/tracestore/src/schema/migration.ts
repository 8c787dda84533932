import { readdirSync } from 'node:fs';
import pg, { type ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';
import { readSql } from '../sql.js';
import { checksumOf } from './checksum.js';
import { SchemaNotReadyError } from '../errors/database-failure.js';
import { MigrationError } from './migration-error.js';
import { findLackOfReader, prepareReaderRole, type ReaderLack } from './reader-role.js';
import { type ReleasedMigration, releasedMigrations } from './released-migrations.js';
import {
  applyObjects,
  applyObjectsBeforeTables,
  compareObjects,
  noteChangedTables,
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

/** A migration that a database has applied. */
export interface AppliedMigration {
  readonly checksum: string;
  /** The lowest schema whose builds may run although they lack this migration; undefined: none may. */
  readonly admits: number | undefined;
}

/** A migration that is being applied. */
export interface MigrationStep {
  readonly name: string;
  /** How many follow it. */
  readonly remaining: number;
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
  /** The migrations of newer builds in the database, all of which admit this build. */
  readonly newer: readonly string[];
  /** What became of the views and functions. */
  readonly objects: ObjectsOutcome;
  /** What statements of users lack; undefined when they can run as `ps_trace_reader`. */
  readonly readerLack: ReaderLack | undefined;
}

const beginMigrations = readSql(import.meta.url, 'begin-migrations.sql');
const lockMigrations = readSql(import.meta.url, 'lock-migrations.sql');
const makeLedger = readSql(import.meta.url, 'migration-ledger.sql');
const findMigrations = readSql(import.meta.url, 'find-migrations.sql');
const hasLedger = readSql(import.meta.url, 'has-ledger.sql');
const insertMigration = readSql<{
  readonly name: string;
  readonly checksum: string;
  readonly admits: number | null;
}>(import.meta.url, 'insert-migration.sql');
const nameStep = readSql<{ readonly application_name: string }>(import.meta.url, 'name-step.sql');
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
 * Brings a database to the schema of this build. Each migration is a transaction of its own, and the views and functions are
 * the last one: a run that is killed continues where it stopped. Several processes can do so at once: a lock of the table of
 * migrations admits one transaction after the other. Then creates the role `ps_trace_reader`, as far as the privileges allow.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @param onStep gets each migration before it is applied
 * @throws MigrationError when an applied migration has changed, or comes from a newer build and does not admit this one, when
 *   a user's object depends on one that has to be created again, or when the encoding isn't UTF-8
 * @throws DatabaseError of pg when a statement fails, or when a lock is not free in time
 */
export async function migrate(
  client: ClientBase,
  { migrations, objects }: Schema = readSchema(),
  onStep: (step: MigrationStep) => void = () => undefined,
): Promise<MigrationOutcome> {
  await requireUtf8(client);
  const applied: string[] = [];
  for (;;) {
    const last = await underLock(client, async () => {
      const found = await findApplied(client, migrations);
      const [next, ...others] = pendingMigrations(migrations, found);
      if (next === undefined) {
        return {
          newer: unknownMigrations(migrations, found),
          objects: await applyObjects(client, objects, applied.length > 0),
        };
      }
      onStep({ name: next.name, remaining: others.length });
      await client.query(nameStep.bind({ application_name: `tracestore applies ${next.name}` }));
      if (applied.length === 0) await applyObjectsBeforeTables(client, objects);
      await client.query(next.sql);
      await client.query(
        insertMigration.bind({
          name: next.name,
          checksum: checksumOf(next.sql),
          admits: admittedSchema(next) ?? null,
        }),
      );
      await noteChangedTables(client);
      applied.push(next.name);
      return undefined;
    });
    if (last === undefined) continue;
    // In a transaction of its own, which is short: roles belong to the whole server, and other databases may wait for it.
    const readerLack = await mendReaderRole(client);
    return { applied, ...last, readerLack };
  }
}

/**
 * Checks that another process has brought the database to the schema of this build, or to a newer one that admits this build.
 * Changes nothing.
 *
 * @param client a connection outside of any transaction; stays the caller's
 * @throws SchemaNotReadyError naming what is missing
 * @throws MigrationError as `migrate` does
 * @throws DatabaseError of pg
 */
export async function requireMigrated(
  client: ClientBase,
  { migrations, objects }: Schema = readSchema(),
): Promise<MigrationOutcome> {
  await requireUtf8(client);
  const { rows } = await client.query<{ has_ledger: boolean }>(hasLedger.bind());
  const found = rows[0]?.has_ledger === true ? await readApplied(client) : new Map<string, AppliedMigration>();
  const [earlier] = releasedAmong(found);
  if (earlier !== undefined) {
    throw new SchemaNotReadyError(
      'migration-missing',
      `The database has the schema of an earlier build, with ${earlier.name}. ${remedy}`,
    );
  }
  const pending = pendingMigrations(migrations, found);
  const [first] = pending;
  if (first !== undefined) {
    const others = pending.length === 1 ? '' : ` and ${pending.length - 1} more`;
    const message = `The database lacks migration ${first.name}${others}. ${remedy}`;
    throw new SchemaNotReadyError('migration-missing', message);
  }
  const state = await compareObjects(client, objects);
  if (state === 'changed') {
    const message = `The database lacks views or functions of this build. ${remedy}`;
    throw new SchemaNotReadyError('migration-missing', message);
  }
  return {
    applied: [],
    newer: unknownMigrations(migrations, found),
    objects: state,
    readerLack: await findLackOfReader(client),
  };
}

const remedy = 'TRACESTORE_MIGRATIONS=wait makes this store wait until the command migrate has applied them';

async function readApplied(client: ClientBase): Promise<Map<string, AppliedMigration>> {
  const { rows } = await client.query<{ name: string; checksum: string; admits: number | null }>(findMigrations.bind());
  return new Map(rows.map(({ name, checksum, admits }) => [name, { checksum, admits: admits ?? undefined }]));
}

/** @returns the applied migrations by name; those of earlier builds have got their present names */
async function findApplied(
  client: ClientBase,
  migrations: readonly Migration[],
): Promise<ReadonlyMap<string, AppliedMigration>> {
  const applied = await readApplied(client);
  const checksums = new Map(migrations.map(({ name, sql }) => [name, checksumOf(sql)]));
  for (const { name, tables } of releasedAmong(applied)) {
    applied.delete(name);
    const checksum = tables === undefined ? undefined : checksums.get(tables);
    if (tables === undefined || checksum === undefined) {
      await client.query(retireMigration.bind({ name }));
    } else {
      await client.query(adoptMigration.bind({ name, new_name: tables, checksum }));
      applied.set(tables, { checksum, admits: undefined });
    }
  }
  return applied;
}

/**
 * The applied migrations that earlier builds had.
 *
 * @throws MigrationError if no build has released this version of one
 */
export function releasedAmong(applied: ReadonlyMap<string, AppliedMigration>): readonly ReleasedMigration[] {
  return [...applied].flatMap(([name, { checksum }]) => {
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
 * @throws MigrationError naming the file that was changed after it was applied, or that comes from a newer build and does not
 *   admit this one
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, AppliedMigration>,
): readonly Migration[] {
  const schema = schemaOf(migrations);
  const unknown = unknownMigrations(migrations, applied);
  for (const name of unknown) {
    const admits = applied.get(name)?.admits;
    if (admits === undefined || admits > schema) throw new MigrationError(refusalMessage(name, admits, schema));
  }
  for (const { name, sql } of migrations) {
    const checksum = applied.get(name)?.checksum;
    if (checksum !== undefined && checksum !== checksumOf(sql)) {
      throw new MigrationError(changedMessage(name));
    }
  }
  const pending = migrations.filter(({ name }) => !applied.has(name));
  if (unknown[0] !== undefined && pending[0] !== undefined) {
    throw new MigrationError(
      `The database has migration ${unknown[0]}, which this build doesn't know, and lacks ${pending[0].name}: ` +
        'they are from two branches of the source, so use another database',
    );
  }
  return pending;
}

/** The names of the applied migrations that a build does not know: they are from a newer build. */
function unknownMigrations(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, AppliedMigration>,
): readonly string[] {
  const known = new Set(migrations.map(({ name }) => name));
  return [...applied.keys()].filter((name) => !known.has(name));
}

/** The schema of a build: the number of its last migration. */
function schemaOf(migrations: readonly Migration[]): number {
  return Number.parseInt(migrations.at(-1)?.name ?? '0', 10);
}

/** `-- admits: 0013` in the comment at the head of a table file. */
const admitsLine = /^-- admits: (\d{4})$/m;

/**
 * The lowest schema whose builds may run although they lack a migration, as its file states it.
 *
 * @returns undefined if it states none, so that no older build may run
 */
export function admittedSchema({ sql }: Migration): number | undefined {
  const [, number] = admitsLine.exec(sql.replaceAll('\r\n', '\n')) ?? [];
  return number === undefined ? undefined : Number.parseInt(number, 10);
}

function refusalMessage(name: string, admits: number | undefined, schema: number): string {
  const required = admits === undefined ? 'admits no older build' : `admits builds from schema ${admits} on`;
  return (
    `The database has migration ${name}, which this build doesn't know and which ${required}; this build has schema ` +
    `${schema}: start the newer version, or restore a backup from before the upgrade`
  );
}

function changedMessage(name: string): string {
  return (
    `Migration ${name} has changed since this database applied it: start a development database with npm start -- --fresh, ` +
    'or undo the change and write a new migration'
  );
}
