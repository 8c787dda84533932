import type { TraceProblem } from '@spandrel/console-api';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { readSql } from '../../sql.js';

const problemsOf = readSql<{ readonly trace_id: string }>(import.meta.url, 'read-problems.sql');

interface ProblemRow {
  readonly kind: TraceProblem['kind'];
  readonly severity: TraceProblem['severity'];
  readonly message: string;
  readonly span_count: number;
  readonly amount: number | null;
  readonly unit: TraceProblem['unit'];
  readonly services: readonly string[];
  readonly span_ids: readonly string[];
  readonly received_s: number | null;
}

/**
 * What is wrong with a trace, as ps_trace.trace_problems finds it. Empty for a good trace and for one that is not stored.
 *
 * @param traceId 32 hex digits
 * @throws TracestoreError
 */
export async function readProblems(
  database: QueryDatabaseService,
  traceId: string,
  signal?: AbortSignal,
): Promise<TraceProblem[]> {
  const rows = await database.query<ProblemRow>(problemsOf.bind({ trace_id: traceId }), signal);
  return rows.map((row) => ({
    kind: row.kind,
    severity: row.severity,
    message: row.message,
    spanCount: row.span_count,
    amount: row.amount,
    unit: row.unit,
    services: [...row.services],
    spanIds: [...row.span_ids],
    receivedS: row.received_s,
  }));
}
