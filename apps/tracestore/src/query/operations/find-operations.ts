import { storableText } from '../../storage/attribute-json.js';
import { readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { type SpanKind, spanKindOf, spanKinds } from '../span-enums.js';

const operationsBy = readSql<{ readonly service_name: string | null; readonly span_kind: number | null }>(
  import.meta.url,
  'find-operations.sql',
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
 * Find operations, ordered by service, name and kind.
 *
 * @throws QueryError
 */
export async function findOperations(
  database: QueryDatabaseService,
  { serviceName, spanKind }: OperationsQuery,
  signal?: AbortSignal,
): Promise<readonly Operation[]> {
  const rows = await database.query<{ service_name: string; span_name: string; span_kind: number }>(
    operationsBy.bind({
      service_name: serviceName === undefined ? null : storableText(serviceName),
      span_kind: spanKind === undefined ? null : spanKinds.indexOf(spanKind),
    }),
    signal,
  );
  return rows.map((row) => ({
    serviceName: row.service_name,
    spanName: row.span_name,
    spanKind: spanKindOf(row.span_kind),
  }));
}
