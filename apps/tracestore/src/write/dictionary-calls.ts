import type { CopyBatch } from '../storage/copy-batch.js';
import type { DictionaryEntry } from '../storage/dictionary-entry.js';
import type { SlicedWork } from './sliced-work.js';
import { readSqlFile } from '../sql-file.js';
import type { Statement, StatementCall } from '../database/pipelined-batch.js';

const upsertResources = statement('upsert-resources');
const upsertScopes = statement('upsert-scopes');
const upsertOperations = statement('upsert-operations');

/** Values that are formatted in one step, before other work gets a turn. */
const rowsAtOnce = 2_048;

/** The statements that `dictionaryCalls` may use. */
export const dictionaryStatements: readonly Statement[] = [upsertResources, upsertScopes, upsertOperations];

type Value = string | number | bigint | null;

/** @returns the calls that add a batch's new dictionary rows: usually none */
export async function dictionaryCalls(
  { resources, scopes, operations }: CopyBatch,
  work: SlicedWork,
): Promise<readonly StatementCall[]> {
  const calls: StatementCall[] = [];
  const add = async <Row extends { readonly id: bigint }>(
    statement: Statement,
    rows: readonly Row[],
    columns: readonly ((row: Row) => Value)[],
  ): Promise<void> => {
    const values: string[] = [];
    for (const column of columns) values.push(await arrayText(rows, column, work));
    calls.push({ statement, values });
  };
  if (resources.length > 0) {
    await add(upsertResources, sortedRows(resources), [
      ({ id }) => id,
      ({ serviceName }) => serviceName,
      ({ attributes }) => attributes,
      ({ droppedAttributesCount }) => droppedAttributesCount,
      ({ schemaUrl }) => schemaUrl,
      ({ entityRefs }) => entityRefs,
    ]);
  }
  if (scopes.length > 0) {
    await add(upsertScopes, sortedRows(scopes), [
      ({ id }) => id,
      ({ name }) => name,
      ({ version }) => version,
      ({ attributes }) => attributes,
      ({ droppedAttributesCount }) => droppedAttributesCount,
      ({ schemaUrl }) => schemaUrl,
    ]);
  }
  if (operations.length > 0) {
    await add(upsertOperations, sortedRows(operations), [
      ({ id }) => id,
      ({ serviceName }) => serviceName,
      ({ spanKind }) => spanKind,
      ({ spanName }) => spanName,
    ]);
  }
  return calls;
}

function statement(name: string): Statement {
  return { name, text: readSqlFile(import.meta.url, `${name}.sql`) };
}

/** Each row once, because an upsert fails on duplicates, and sorted by id, so that two writers never deadlock. */
function sortedRows<Row extends { readonly id: bigint }>(entries: readonly DictionaryEntry<Row>[]): readonly Row[] {
  const rowsById = new Map(entries.map(({ row }) => [row.id, row]));
  return [...rowsById.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** Formats an array in PostgreSQL's text form (manual, "Array Input and Output Syntax"). */
async function arrayText<Row>(rows: readonly Row[], valueOf: (row: Row) => Value, work: SlicedWork): Promise<string> {
  const elements: string[] = [];
  const appendSome = (): true | undefined => {
    for (const end = Math.min(rows.length, elements.length + rowsAtOnce); elements.length < end;) {
      const value = valueOf(rows[elements.length] as Row);
      elements.push(value === null ? 'NULL' : `"${String(value).replace(/["\\]/g, '\\$&')}"`);
    }
    return elements.length === rows.length ? true : undefined;
  };
  if (appendSome() === undefined) await work.run(appendSome);
  return `{${elements.join()}}`;
}
