import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSqlFile } from '../../sql-file.js';

const findDependenciesSql = readSqlFile(import.meta.url, 'find-dependencies.sql');

/** One service has called another, or itself. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: bigint;
}

/**
 * Who called whom, by parent and child. It comes from figures that are counted a little after the spans (ADR 10): the
 * newest calls are there within 30 seconds. The range is widened to whole 10 seconds.
 *
 * @param startTimeUnixNano the calls' spans start from here, or from ever
 * @param endTimeUnixNano to here, or to ever
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
    findDependenciesSql,
    [from, to].map((time) => timestampOf(microsecondsOf(time))),
    signal,
  );
  return rows.map(({ parent, child, calls }) => ({ parent, child, callCount: BigInt(calls) }));
}
