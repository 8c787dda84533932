import type {
  ServiceHistoryResponse,
  ServiceNeighboursResponse,
  ServiceOperationsResponse,
  ServiceVersionsResponse,
} from '@spandrel/console-api';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';
import { storableText } from '../../storage/attribute-json.js';

interface OfService {
  readonly service: string;
  readonly start_min: string;
  readonly start_max: string;
}

interface Limited {
  readonly limit: number;
}

const listOperations = readSql<OfService & Limited>(import.meta.url, 'list-operations.sql');
const listNeighbours = readSql<OfService & Limited>(import.meta.url, 'list-neighbours.sql');
const readHistory = readSql<OfService>(import.meta.url, 'read-history.sql');
const findVersions = readSql<OfService & Limited & { readonly operations: number; readonly spans: number }>(
  import.meta.url,
  'find-versions.sql',
);

const maxOperations = 500;
const maxNeighbours = 500;
const maxVersions = 100;
/** A sample of versions has at most 240 × 6 × 8 spans. */
const versionSample = { operations: 6, spans: 8 };

/** A service and a range of time. A missing bound means no limit. */
export interface ServiceRange {
  readonly serviceName: string;
  readonly startTimeMinUnixNano: bigint | undefined;
  readonly startTimeMaxUnixNano: bigint | undefined;
}

interface Measured {
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

interface OperationRow extends Measured {
  readonly span_name: string;
  readonly span_kind: ServiceOperationsResponse['operations'][number]['kind'];
  readonly self_ms: number;
  readonly self_share: number;
  readonly operation_count: number;
}

interface NeighbourRow extends Measured {
  readonly is_caller: boolean;
  readonly neighbour: string | null;
}

interface StepRow extends Measured {
  readonly time_unix_nano: string;
  readonly seconds: number;
  readonly step_ms: number;
}

interface VersionRow {
  readonly version: string;
  readonly first_seen_unix_nano: string;
  readonly is_new: boolean;
}

/** Read the operations of a service with the most self time. @throws TracestoreError */
export async function readOperations(
  database: QueryDatabaseService,
  range: ServiceRange,
  signal: AbortSignal,
): Promise<ServiceOperationsResponse> {
  const rows = await database.query<OperationRow>(
    listOperations.bind({ ...valuesOf(range), limit: maxOperations }),
    signal,
  );
  return {
    operations: rows.map((row) => ({
      name: row.span_name,
      kind: row.span_kind,
      ...measuredOf(row),
      selfMs: row.self_ms,
      selfShare: row.self_share,
    })),
    operationCount: rows[0]?.operation_count ?? 0,
  };
}

/** Read the callers of a service and the services that it calls. @throws TracestoreError */
export async function readNeighbours(
  database: QueryDatabaseService,
  range: ServiceRange,
  signal: AbortSignal,
): Promise<ServiceNeighboursResponse> {
  const rows = await database.query<NeighbourRow>(
    listNeighbours.bind({ ...valuesOf(range), limit: maxNeighbours }),
    signal,
  );
  const neighbours = (isCaller: boolean) =>
    rows
      .filter(({ is_caller }) => is_caller === isCaller)
      .map((row) => ({ service: row.neighbour, ...measuredOf(row) }));
  return { callers: neighbours(true), callees: neighbours(false) };
}

/** Read rate, errors and durations of a service over time. @throws TracestoreError */
export async function readServiceHistory(
  database: QueryDatabaseService,
  range: ServiceRange,
  signal: AbortSignal,
): Promise<ServiceHistoryResponse> {
  const rows = await database.query<StepRow>(readHistory.bind(valuesOf(range)), signal);
  return {
    stepMs: rows[0]?.step_ms ?? 0,
    steps: rows.map((row) => ({ timeUnixNano: row.time_unix_nano, seconds: row.seconds, ...measuredOf(row) })),
  };
}

/** Find the versions of a service in a sample of its spans. @throws TracestoreError */
export async function readVersions(
  database: QueryDatabaseService,
  range: ServiceRange,
  signal: AbortSignal,
): Promise<ServiceVersionsResponse> {
  const rows = await database.query<VersionRow>(
    findVersions.bind({ ...valuesOf(range), ...versionSample, limit: maxVersions }),
    signal,
  );
  return {
    versions: rows.map((row) => ({
      version: row.version,
      firstSeenUnixNano: row.first_seen_unix_nano,
      isNew: row.is_new,
    })),
  };
}

function valuesOf({ serviceName, startTimeMinUnixNano, startTimeMaxUnixNano }: ServiceRange): OfService {
  const timeOf = (unixNano: bigint): string => timestampOf(microsecondsOf(clampUnixNano(unixNano)));
  return {
    service: storableText(serviceName),
    start_min: timeOf(startTimeMinUnixNano ?? firstUnixNano),
    start_max: timeOf(startTimeMaxUnixNano ?? lastUnixNano),
  };
}

function measuredOf({ calls, errors, p50_ms, p95_ms, p99_ms }: Measured) {
  return { calls, errors, p50Ms: p50_ms, p95Ms: p95_ms, p99Ms: p99_ms };
}
