import type { CopyBatch } from '../storage/copy-batch.js';
import type { DictionaryEntry } from '../storage/dictionary-entry.js';
import type { SlicedWork } from './sliced-work.js';
import { readSql } from '../sql.js';
import type { Statement, StatementCall } from '../database/pipelined-batch.js';

/** The columns of a statement: an array each, in PostgreSQL's text form. */
type Columns<Name extends string> = Readonly<Record<Name, string>>;

const upsertResources = readSql<
  Columns<'ids' | 'service_names' | 'attributes' | 'dropped_attributes_counts' | 'schema_urls' | 'entity_refs'>
>(import.meta.url, 'upsert-resources.sql');
const upsertScopes = readSql<
  Columns<'ids' | 'names' | 'versions' | 'attributes' | 'dropped_attributes_counts' | 'schema_urls'>
>(import.meta.url, 'upsert-scopes.sql');
const upsertOperations = readSql<Columns<'ids' | 'service_names' | 'span_kinds' | 'span_names'>>(
  import.meta.url,
  'upsert-operations.sql',
);

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
  if (resources.length > 0) {
    const columns = await columnsOf(sortedRows(resources), work, {
      ids: ({ id }) => id,
      service_names: ({ serviceName }) => serviceName,
      attributes: ({ attributes }) => attributes,
      dropped_attributes_counts: ({ droppedAttributesCount }) => droppedAttributesCount,
      schema_urls: ({ schemaUrl }) => schemaUrl,
      entity_refs: ({ entityRefs }) => entityRefs,
    });
    calls.push({ statement: upsertResources, values: upsertResources.values(columns) });
  }
  if (scopes.length > 0) {
    const columns = await columnsOf(sortedRows(scopes), work, {
      ids: ({ id }) => id,
      names: ({ name }) => name,
      versions: ({ version }) => version,
      attributes: ({ attributes }) => attributes,
      dropped_attributes_counts: ({ droppedAttributesCount }) => droppedAttributesCount,
      schema_urls: ({ schemaUrl }) => schemaUrl,
    });
    calls.push({ statement: upsertScopes, values: upsertScopes.values(columns) });
  }
  if (operations.length > 0) {
    const columns = await columnsOf(sortedRows(operations), work, {
      ids: ({ id }) => id,
      service_names: ({ serviceName }) => serviceName,
      span_kinds: ({ spanKind }) => spanKind,
      span_names: ({ spanName }) => spanName,
    });
    calls.push({ statement: upsertOperations, values: upsertOperations.values(columns) });
  }
  return calls;
}

/** Each row once, because an upsert fails on duplicates, and sorted by id, so that two writers never deadlock. */
function sortedRows<Row extends { readonly id: bigint }>(entries: readonly DictionaryEntry<Row>[]): readonly Row[] {
  const rowsById = new Map(entries.map(({ row }) => [row.id, row]));
  return [...rowsById.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** Each column of some rows as an array. */
async function columnsOf<Row, Name extends string>(
  rows: readonly Row[],
  work: SlicedWork,
  columns: Readonly<Record<Name, (row: Row) => Value>>,
): Promise<Columns<Name>> {
  const texts: Partial<Record<Name, string>> = {};
  for (const [name, valueOf] of Object.entries(columns) as [Name, (row: Row) => Value][]) {
    texts[name] = await arrayText(rows, valueOf, work);
  }
  return texts as Columns<Name>;
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
