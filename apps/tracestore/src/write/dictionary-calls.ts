import type { CopyBatch } from '../otlp/copy-batch.js';
import type { DictionaryEntry } from '../otlp/dictionary-entry.js';
import { readSqlFile } from '../sql-file.js';
import type { Statement, StatementCall } from './batch-flight.js';

const upsertResources = statement('upsert-resources');
const upsertScopes = statement('upsert-scopes');
const upsertOperations = statement('upsert-operations');

/** What `dictionaryCalls` may call. */
export const dictionaryStatements: readonly Statement[] = [upsertResources, upsertScopes, upsertOperations];

/** Adds the rows that a batch refers to and the database may not have: none, nearly always. */
export function dictionaryCalls({ resources, scopes, operations }: CopyBatch): readonly StatementCall[] {
  const calls: StatementCall[] = [];
  if (resources.length > 0) {
    const rows = sortedRows(resources);
    calls.push({
      statement: upsertResources,
      values: [
        arrayText(rows, ({ id }) => id),
        arrayText(rows, ({ serviceName }) => serviceName),
        arrayText(rows, ({ attributes }) => attributes),
        arrayText(rows, ({ droppedAttributesCount }) => droppedAttributesCount),
        arrayText(rows, ({ schemaUrl }) => schemaUrl),
        arrayText(rows, ({ entityRefs }) => entityRefs),
      ],
    });
  }
  if (scopes.length > 0) {
    const rows = sortedRows(scopes);
    calls.push({
      statement: upsertScopes,
      values: [
        arrayText(rows, ({ id }) => id),
        arrayText(rows, ({ name }) => name),
        arrayText(rows, ({ version }) => version),
        arrayText(rows, ({ attributes }) => attributes),
        arrayText(rows, ({ droppedAttributesCount }) => droppedAttributesCount),
        arrayText(rows, ({ schemaUrl }) => schemaUrl),
      ],
    });
  }
  if (operations.length > 0) {
    const rows = sortedRows(operations);
    calls.push({
      statement: upsertOperations,
      values: [
        arrayText(rows, ({ id }) => id),
        arrayText(rows, ({ serviceName }) => serviceName),
        arrayText(rows, ({ spanKind }) => spanKind),
        arrayText(rows, ({ spanName }) => spanName),
      ],
    });
  }
  return calls;
}

function statement(name: string): Statement {
  return { name, text: readSqlFile(import.meta.url, `${name}.sql`) };
}

/** Each row once, as an upsert wants them, and by id, so that two writers never wait for each other in a circle. */
function sortedRows<Row extends { readonly id: bigint }>(entries: readonly DictionaryEntry<Row>[]): readonly Row[] {
  const rowsById = new Map(entries.map(({ row }) => [row.id, row]));
  return [...rowsById.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** An array in PostgreSQL's text form (manual, "Array Input and Output Syntax"). */
function arrayText<Row>(rows: readonly Row[], valueOf: (row: Row) => string | number | bigint | null): string {
  const elements = rows.map((row) => {
    const value = valueOf(row);
    return value === null ? 'NULL' : `"${String(value).replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join()}}`;
}
