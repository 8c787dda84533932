import { storableText } from '../../storage/attribute-json.js';
import { limits } from '../../limits.js';
import { readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { type SpanKind, spanKindOf, spanKinds } from '../span-enums.js';

interface OperationNames {
  readonly service_name: string | null;
  readonly span_kind: number | null;
}
const allOperations = readSql<OperationNames>(import.meta.url, 'find-operations.sql');
const latestOperations = readSql<OperationNames & { readonly max_bytes: number }>(
  import.meta.url,
  'find-latest-operations.sql',
);

/** A kind of span of a service. */
export interface Operation {
  readonly serviceName: string;
  readonly spanName: string;
  readonly spanKind: SpanKind;
}

/** A query for operations: all, or those of a service or of a kind. */
export interface OperationsQuery {
  readonly serviceName?: string | undefined;
  readonly spanKind?: SpanKind | undefined;
}

/**
 * Find operations, ordered by service, name and kind. A list that is too long has those that were seen last.
 *
 * @throws TracestoreError
 */
export async function findOperations(
  database: QueryDatabaseService,
  { serviceName, spanKind }: OperationsQuery,
  signal?: AbortSignal,
): Promise<readonly Operation[]> {
  const names: OperationNames = {
    service_name: serviceName === undefined ? null : storableText(serviceName),
    span_kind: spanKind === undefined ? null : spanKinds.indexOf(spanKind),
  };
  const rows = await database.queryList<{ service_name: string; span_name: string; span_kind: number }>(
    allOperations.bind(names),
    latestOperations.bind({ ...names, max_bytes: limits.nameListBytes.value }),
    limits.nameListBytes.value,
    signal,
  );
  return rows.map((row) => ({
    serviceName: row.service_name,
    spanName: row.span_name,
    spanKind: spanKindOf(row.span_kind),
  }));
}
