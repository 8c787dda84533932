import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';

const dependencies = readSql<{ readonly start_min: string; readonly start_max: string }>(
  import.meta.url,
  'find-dependencies.sql',
);

/** Calls from one service to another, or to itself. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: bigint;
}

/**
 * Find which service calls which, ordered by parent and child. The aggregates lag behind the spans (ADR 10): calls appear
 * within 30 seconds. The range is widened to whole 10 seconds.
 *
 * @param startTimeUnixNano the first start of a called span; no bound if undefined
 * @param endTimeUnixNano the last start; no bound if undefined
 * @throws TracestoreError
 */
export async function findDependencies(
  database: QueryDatabaseService,
  startTimeUnixNano: bigint | undefined,
  endTimeUnixNano: bigint | undefined,
  signal?: AbortSignal,
): Promise<readonly Dependency[]> {
  const from = clampUnixNano(startTimeUnixNano ?? firstUnixNano);
  const to = clampUnixNano(endTimeUnixNano ?? lastUnixNano);
  if (to < from) throw new TracestoreError(errorKinds.invalid, 'the end is before the start');
  const rows = await database.query<{ parent: string; child: string; calls: string }>(
    dependencies.bind({ start_min: timestampOf(microsecondsOf(from)), start_max: timestampOf(microsecondsOf(to)) }),
    signal,
  );
  return rows.map(({ parent, child, calls }) => ({ parent, child, callCount: BigInt(calls) }));
}
