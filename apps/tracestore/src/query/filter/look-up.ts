import type { QueryResultRow } from 'pg';
import { type Fragment, listOf, readFragments, readSql } from '../../sql.js';
import { preparedIfRepeated } from '../prepared-statements.js';
import type { QueryConnection } from '../query-database.service.js';
import { testsDuration } from './block-condition.js';
import type { Condition, DictionaryCondition } from './condition.js';
import { dictionaryConditionsOf, withIds } from './dictionary-conditions.js';
import { dictionaryIds } from './span-condition.js';

const lookUpDictionaries = readSql<{ readonly columns: Fragment }>(import.meta.url, 'look-up-dictionaries.sql');
const dictionaryColumns = readFragments<{
  readonly ids: { readonly ids: Fragment; readonly limit: number; readonly column: string };
  readonly longest_ns: Record<never, never>;
}>(import.meta.url, 'dictionary-columns.sql', ['ids', 'longest_ns']);

/** The most rows of a dictionary whose ids are put into a statement. Each statement looks more rows than these up again. */
const maxKnownIds = 1_000;

interface DictionaryRow extends QueryResultRow {
  readonly [ids: `ids_${number}`]: readonly string[];
  readonly longest_ns?: string | null;
  readonly indexed_operations: number;
}

/** A condition, and what the store knows about it before it is searched for. */
export interface KnownCondition {
  /** With the ids of the rows of dictionaries that pass; `never` if no row passes. */
  readonly condition: Condition;
  /** The longest duration of a span, in ns; Infinity if the condition does not test durations. */
  readonly longestNs: number;
  /** How many operations an index finds faster than blocks do. */
  readonly indexedOperations: number;
}

/** Look up the rows of the dictionaries that pass the parts of a condition. @throws TracestoreError */
export async function lookUp(connection: QueryConnection, condition: Condition): Promise<KnownCondition> {
  const parts = dictionaryConditionsOf(condition);
  if (parts.length === 0) return { condition, longestNs: Infinity, indexedOperations: 0 };
  const columns = parts.map(({ table, condition: part }, n) =>
    dictionaryColumns.ids.fragment({ ids: dictionaryIds(table, part), limit: maxKnownIds + 1, column: `ids_${n}` }),
  );
  if (testsDuration(condition)) columns.push(dictionaryColumns.longest_ns.fragment());
  const [row] = await connection.query<DictionaryRow>(
    preparedIfRepeated(lookUpDictionaries.bind({ columns: listOf(columns) })),
  );
  const idsOf = new Map<DictionaryCondition, readonly string[] | undefined>(
    parts.map((part, n) => [part, row?.[`ids_${n}`]]),
  );
  const known = withIds(condition, (part) => {
    const ids = idsOf.get(part);
    return ids === undefined || ids.length > maxKnownIds ? undefined : ids;
  });
  return {
    condition: known,
    longestNs: Number(row?.longest_ns ?? Infinity),
    indexedOperations: row?.indexed_operations ?? 0,
  };
}
