import { storableText } from '../../storage/attribute-json.js';
import { readSqlFile } from '../../sql-file.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { type SpanKind, spanKindOf, spanKinds } from '../span-words.js';

const findOperationsSql = readSqlFile(import.meta.url, 'find-operations.sql');

/** What a service does. */
export interface Operation {
  readonly serviceName: string;
  readonly spanName: string;
  readonly spanKind: SpanKind;
}

/** Which operations; without either of them all. */
export interface OperationsQuestion {
  readonly serviceName?: string | undefined;
  readonly spanKind?: SpanKind | undefined;
}

/**
 * The operations of a service or of all, ordered by service, name and kind.
 *
 * @throws TracestoreError
 */
export async function findOperations(
  database: QueryDatabaseService,
  { serviceName, spanKind }: OperationsQuestion,
  signal?: AbortSignal,
): Promise<readonly Operation[]> {
  const rows = await database.query<{ service_name: string; span_name: string; span_kind: number }>(
    findOperationsSql,
    [
      serviceName === undefined ? null : storableText(serviceName),
      spanKind === undefined ? null : spanKinds.indexOf(spanKind),
    ],
    signal,
  );
  return rows.map((row) => ({
    serviceName: row.service_name,
    spanName: row.span_name,
    spanKind: spanKindOf(row.span_kind),
  }));
}
