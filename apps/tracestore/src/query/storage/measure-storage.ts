import { readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';

const measureTables = readSql(import.meta.url, 'measure-storage.sql');
const measureHypertables = readSql(import.meta.url, 'measure-hypertables.sql');
const measureDatabase = readSql(import.meta.url, 'measure-database.sql');

/** The size of a table, with its partitions. */
export interface MeasuredTable {
  readonly name: string;
  /** With indexes. */
  readonly bytes: number;
  readonly indexBytes: number;
  /** Or chunks. */
  readonly partitions: number;
}

interface TableRow {
  readonly name: string;
  readonly bytes: number;
  readonly index_bytes: number;
  readonly partitions: number;
}

/**
 * Measure the tables.
 *
 * @param hasHypertables whether tables are hypertables of TimescaleDB
 * @returns the largest first
 * @throws TracestoreError
 */
export async function findTableSizes(
  database: QueryDatabaseService,
  hasHypertables: boolean,
  signal?: AbortSignal,
): Promise<readonly MeasuredTable[]> {
  const tables = await database.query<TableRow>(measureTables.bind(), signal);
  const hypertables = hasHypertables ? await database.query<TableRow>(measureHypertables.bind(), signal) : [];
  const byName = new Map([...tables, ...hypertables].map((table) => [table.name, table]));
  return [...byName.values()]
    .toSorted((left, right) => right.bytes - left.bytes)
    .map(({ name, bytes, index_bytes: indexBytes, partitions }) => ({ name, bytes, indexBytes, partitions }));
}

/** Measure the database. @returns its bytes on disk @throws TracestoreError */
export async function findDatabaseBytes(database: QueryDatabaseService, signal?: AbortSignal): Promise<number> {
  const [whole] = await database.query<{ bytes: number }>(measureDatabase.bind(), signal);
  return whole?.bytes ?? 0;
}
