import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { QueryError, queryErrors } from '../../errors/query-error.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSqlFile } from '../../sql-file.js';

const findDependenciesSql = readSqlFile(import.meta.url, 'find-dependencies.sql');

/** Calls from one service to another, or to itself. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: bigint;
}

/**
 * Returns the calls between services, by parent and child. It reads aggregates, which have new calls within 30 seconds
 * (ADR 10). The range is widened to whole 10 seconds.
 *
 * @param startTimeUnixNano lower bound of the start of spans; none if undefined
 * @param endTimeUnixNano upper bound; none if undefined
 * @throws QueryError
 */
export async function findDependencies(
  database: QueryDatabaseService,
  startTimeUnixNano: bigint | undefined,
  endTimeUnixNano: bigint | undefined,
  signal?: AbortSignal,
): Promise<readonly Dependency[]> {
  const from = clampUnixNano(startTimeUnixNano ?? firstUnixNano);
  const to = clampUnixNano(endTimeUnixNano ?? lastUnixNano);
  if (to < from) throw new QueryError(queryErrors.invalid, 'the end is before the start');
  const rows = await database.query<{ parent: string; child: string; calls: string }>(
    findDependenciesSql,
    [from, to].map((time) => timestampOf(microsecondsOf(time))),
    signal,
  );
  return rows.map(({ parent, child, calls }) => ({ parent, child, callCount: BigInt(calls) }));
}
