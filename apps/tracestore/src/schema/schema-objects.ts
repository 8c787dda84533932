/**
 * The repeatable part of the schema: views, functions, operators and comments, one object a file in `objects/`. A store
 * applies them in the order of `objects/order.json` when one of the files has changed. docs/changing-the-schema.md shows how
 * to change one.
 */
import pg, { type ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';
import { readSql } from '../sql.js';
import { checksumOf } from './checksum.js';
import { MigrationError } from './migration-error.js';

const findObjects = readSql(import.meta.url, 'find-objects.sql');
const recordObjects = readSql<{
  readonly files: readonly string[];
  readonly checksums: readonly string[];
  readonly revision: number;
}>(import.meta.url, 'record-objects.sql');
const staleObjects = readSql(import.meta.url, 'stale-objects.sql');
const forgetObjects = readSql<{ readonly files: readonly string[] }>(import.meta.url, 'forget-objects.sql');
const findOverloads = readSql<{ readonly names: readonly string[] }>(import.meta.url, 'find-overloads.sql');
const findObject = readSql<{ readonly is_view: boolean; readonly identity: string }>(
  import.meta.url,
  'find-object.sql',
);
const findDependents = readSql<{ readonly names: readonly string[]; readonly ours: readonly string[] }>(
  import.meta.url,
  'find-dependents.sql',
);

/** A file of `objects/`, such as `views/ps_trace.span.sql`: the statements that create one object, or replace it. */
export interface SchemaObject {
  /** The path in `objects/`: the kind as folder, and the object's name with its schema. */
  readonly file: string;
  readonly sql: string;
}

/** All files of `objects/`, in the order in which they are applied. */
export interface SchemaObjects {
  /** Functions that column defaults and table files call. They use no table, and a table file may run right after them. */
  readonly beforeTables: readonly SchemaObject[];
  readonly afterTables: readonly SchemaObject[];
  /** Grows with every change. A build leaves the objects of a build with a higher revision as they are. */
  readonly revision: number;
}

/** What `applyObjects` found and did: `newer` if a newer build has applied its own objects, which stay. */
export type ObjectsOutcome = 'unchanged' | 'applied' | 'newer';

/** What a comparison found: `changed` if the objects of this build have to be applied. */
export type ObjectsState = 'unchanged' | 'changed' | 'newer';

/** The objects of this build. */
export function readObjects(): SchemaObjects {
  const order = JSON.parse(readSqlFile(import.meta.url, 'objects/order.json')) as Record<
    'beforeTables' | 'afterTables',
    readonly string[]
  >;
  const { revision } = JSON.parse(readSqlFile(import.meta.url, 'objects/revision.json')) as { revision: number };
  const read = (file: string): SchemaObject => ({ file, sql: readSqlFile(import.meta.url, `objects/${file}`) });
  return { beforeTables: order.beforeTables.map(read), afterTables: order.afterTables.map(read), revision };
}

/** The checksum of all objects together, in their order. */
export function checksumOfObjects({ beforeTables, afterTables }: SchemaObjects): string {
  return checksumOf([...beforeTables, ...afterTables].map(({ file, sql }) => `${file} ${checksumOf(sql)}`).join('\n'));
}

/**
 * SQLSTATEs with which the server refuses to replace an object: invalid_function_definition (another result type or parameter
 * name), invalid_table_definition (other columns of a view), wrong_object_type.
 */
const refusedReplacement: ReadonlySet<string> = new Set(['42P13', '42P16', '42809']);

/** A name, or a call, fits an old overload and its successor. */
const ambiguousFunction = '42725';

const dependentObjectsStillExist = '2BP01';

/**
 * Creates or replaces the objects of this build if a file has changed since they were applied. Where the server refuses to
 * replace an object, it is dropped and created again, with the objects of this build that depend on it. Privileges that the
 * owner granted on them are kept. Objects whose file is gone are dropped, and so are old overloads of a function.
 *
 * @param client in the transaction of the migrations, with the table files applied
 * @param tablesChanged whether this run has applied table files: the objects are then applied in any case
 * @throws MigrationError naming an object of a user that depends on an object to drop
 * @throws DatabaseError of pg, also when a lock is not free in time
 */
export async function applyObjects(
  client: ClientBase,
  objects: SchemaObjects,
  tablesChanged: boolean,
): Promise<ObjectsOutcome> {
  const { isNewer, files, changed, known, removed } = await differencesOf(client, objects);
  if (isNewer && !tablesChanged) return 'newer';
  if (changed.size === 0 && removed.length === 0 && !tablesChanged) return 'unchanged';

  const ours = [...known, ...removed].map(nameOf);
  const functions = [...known].filter((file) => file.startsWith('functions/')).map(nameOf);
  const before = await overloadsOf(client, functions);
  const toDrop = new Set(removed);
  for (;;) {
    await client.query('SAVEPOINT objects');
    const grants = await dropObjects(client, [...toDrop].map(nameOf), ours);
    // A view is locked when it is replaced, and a query can hold it for long. So views stay where none has changed.
    const withViews = tablesChanged || toDrop.size > 0 || [...changed].some((file) => file.startsWith('views/'));
    const refused = await applyFiles(
      client,
      files.filter(({ file }) => {
        if (file.startsWith('views/')) return withViews;
        // A comment takes a lock of its table that a vacuum holds.
        return !file.startsWith('comments/') || tablesChanged || changed.has(file);
      }),
    );
    if (refused === undefined) {
      // An overload that no file has replaced is an old one. Dependents are still bound to it, so its function is dropped.
      const old = [...(await overloadsOf(client, functions))].filter(
        ([oid, { version }]) => before.get(oid)?.version === version,
      );
      if (old.length === 0) {
        for (const grant of grants) await restoreGrant(client, grant);
        break;
      }
      for (const [, { name }] of old) toDrop.add(`functions/${name}.sql`);
    } else {
      const next = toDropFor(refused, files);
      if (toDrop.has(next)) throw refused.error;
      toDrop.add(next);
    }
    await client.query('ROLLBACK TO SAVEPOINT objects');
  }
  await client.query(forgetObjects.bind({ files: removed }));
  await client.query(
    recordObjects.bind({
      files: files.map(({ file }) => file),
      checksums: files.map(({ sql }) => checksumOf(sql)),
      revision: objects.revision,
    }),
  );
  return 'applied';
}

/** Compares the objects of a database, which has all table files, with those of this build. Changes nothing. */
export async function compareObjects(client: ClientBase, objects: SchemaObjects): Promise<ObjectsState> {
  const { isNewer, changed, removed } = await differencesOf(client, objects);
  if (isNewer) return 'newer';
  return changed.size === 0 && removed.length === 0 ? 'unchanged' : 'changed';
}

/**
 * Records, in the transaction of a table file, that it can have dropped objects. The next `applyObjects` then applies all, also
 * if it runs in another process.
 */
export async function noteChangedTables(client: ClientBase): Promise<void> {
  await client.query(staleObjects.bind());
}

interface ObjectDifferences {
  /** Whether a newer build has applied its objects. */
  readonly isNewer: boolean;
  readonly files: readonly SchemaObject[];
  /** The files of this build that the database does not have in this version. */
  readonly changed: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
  /** The files of the database that this build does not have. */
  readonly removed: readonly string[];
}

async function differencesOf(client: ClientBase, objects: SchemaObjects): Promise<ObjectDifferences> {
  const { rows } = await client.query<{ name: string; checksum: string; revision: number }>(findObjects.bind());
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const files = [...objects.beforeTables, ...objects.afterTables];
  const known = new Set(files.map(({ file }) => file));
  return {
    isNewer: rows.some(({ revision }) => revision > objects.revision),
    files,
    changed: new Set(files.filter(({ file, sql }) => applied.get(file) !== checksumOf(sql)).map(({ file }) => file)),
    known,
    removed: [...applied.keys()].filter((file) => !known.has(file)),
  };
}

/** Applies the functions that the table files call; all of them can be replaced as they are. */
export async function applyObjectsBeforeTables(client: ClientBase, { beforeTables }: SchemaObjects): Promise<void> {
  for (const { sql } of beforeTables) await client.query(sql);
}

/** `ps_trace.span` of `views/ps_trace.span.sql`. */
function nameOf(file: string): string {
  return file.slice(file.indexOf('/') + 1, -'.sql'.length);
}

interface Overload {
  /** The function's name with its schema. */
  readonly name: string;
  /** It changes when the function is replaced. */
  readonly version: string;
}

async function overloadsOf(client: ClientBase, names: readonly string[]): Promise<ReadonlyMap<string, Overload>> {
  const { rows } = await client.query<Overload & { oid: string }>(findOverloads.bind({ names }));
  return new Map(rows.map((row) => [row.oid, row]));
}

interface RefusedFile {
  readonly file: string;
  readonly code: string;
  readonly error: pg.DatabaseError;
}

/** @returns the first file with an object that the server refuses to replace; undefined if there is none */
async function applyFiles(client: ClientBase, files: readonly SchemaObject[]): Promise<RefusedFile | undefined> {
  for (const { file, sql } of files) {
    try {
      await client.query(sql);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const code = error.code ?? '';
      if (refusedReplacement.has(code) || code === ambiguousFunction) return { file, code, error };
      error.message = `objects/${file}: ${error.message}`;
      throw error;
    }
  }
  return undefined;
}

/** @returns the file whose objects have to be dropped first: the refused one, or the function that an ambiguous call names */
function toDropFor({ file, code, error }: RefusedFile, files: readonly SchemaObject[]): string {
  if (code !== ambiguousFunction) return file;
  const named = files.find(
    (other) => other.file.startsWith('functions/') && error.message.includes(`${nameOf(other.file)}(`),
  );
  return named?.file ?? file;
}

/** A privilege that was granted on a dropped object. */
interface Grant {
  readonly isView: boolean;
  readonly identity: string;
  readonly statement: string;
}

/**
 * Drops objects and those of `ours` that depend on them. Objects of users that depend on them stay: the drop then fails.
 *
 * @returns the privileges to restore
 */
async function dropObjects(
  client: ClientBase,
  names: readonly string[],
  ours: readonly string[],
): Promise<readonly Grant[]> {
  if (names.length === 0) return [];
  const { rows } = await client.query<{ target: string; grants: string[]; is_view: boolean; identity: string }>(
    findDependents.bind({ names, ours }),
  );
  for (const { target } of rows) await drop(client, target);
  return rows.flatMap(({ grants, is_view: isView, identity }) =>
    grants.map((statement) => ({ isView, identity, statement })),
  );
}

async function drop(client: ClientBase, target: string): Promise<void> {
  try {
    await client.query(`DROP ${target}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== dependentObjectsStillExist) throw error;
    throw new MigrationError(
      `tracestore must drop ${target} and create it again, but ${error.detail ?? 'other objects depend on it'}. ` +
        'Drop the dependent objects, start tracestore, and create them again',
      { cause: error },
    );
  }
}

/** Does nothing if the object exists no longer, or has another signature. */
async function restoreGrant(client: ClientBase, { isView, identity, statement }: Grant): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(findObject.bind({ is_view: isView, identity }));
  if (rows[0]?.exists === true) await client.query(statement);
}
