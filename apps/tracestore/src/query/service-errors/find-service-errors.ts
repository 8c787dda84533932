import { readSql } from '../../sql.js';
import { storableText } from '../../storage/attribute-json.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { clampUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';

const errorsBy = readSql<{
  readonly service: string;
  readonly start_min: string;
  readonly start_max: string;
  readonly step: string;
  readonly max_spans: number;
  readonly max_scan: number;
  readonly limit: number;
}>(import.meta.url, 'find-service-errors.sql');

/** Failed spans that are read, the newest. */
const maxSpans = 1_000;

/** Spans that are scanned for these. Each is a row of the table: 100,000 take some tenths of a second. */
const maxScan = 100_000;

/** Groups that are returned. */
const maxGroups = 100;

const hourNs = 3_600_000_000_000n;

/** A service and the starts of its spans, bounds included. */
export interface ServiceErrorsQuery {
  readonly serviceName: string;
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
}

/** Errors of the same exception type and message. */
export interface ErrorGroup {
  /** Null without an exception. */
  readonly type: string | null;
  /** Of the exception, otherwise of the status. */
  readonly message: string | null;
  readonly spans: number;
  readonly firstSeenUnixNano: string;
  readonly lastSeenUnixNano: string;
  /** The newest span of the group, with ids in hex. */
  readonly example: { readonly traceId: string; readonly spanId: string; readonly spanName: string };
}

/** The errors of a service. */
export interface ServiceErrors {
  /** The groups with the most spans first. */
  readonly groups: readonly ErrorGroup[];
  readonly groupCount: number;
  /** All failed spans of the range, as the aggregates count them. */
  readonly failedSpans: number;
  /** The newest of these, of which the groups are made. */
  readonly readSpans: number;
}

interface Row {
  readonly failed_spans: number;
  readonly read_spans: number;
  readonly type: string | null;
  readonly message: string | null;
  readonly spans: number | null;
  readonly first_seen_unix_nano: string;
  readonly last_seen_unix_nano: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly span_name: string;
  readonly group_count: number | null;
}

/**
 * Find the errors of a service, grouped by exception type and message. The groups are made of the newest failed spans, up to
 * 1,000, which are found among at most about 200,000 spans.
 *
 * @throws TracestoreError
 */
export async function findServiceErrors(
  database: QueryDatabaseService,
  { serviceName, startTimeMinUnixNano, startTimeMaxUnixNano }: ServiceErrorsQuery,
  signal: AbortSignal | undefined,
): Promise<ServiceErrors> {
  const timeOf = (unixNano: bigint): string => timestampOf(microsecondsOf(clampUnixNano(unixNano)));
  const rows = await database.query<Row>(
    errorsBy.bind({
      service: storableText(serviceName),
      start_min: timeOf(startTimeMinUnixNano),
      start_max: timeOf(startTimeMaxUnixNano),
      step: stepOf(startTimeMaxUnixNano - startTimeMinUnixNano),
      max_spans: maxSpans,
      max_scan: maxScan,
      limit: maxGroups,
    }),
    signal,
  );
  return {
    groups: rows.flatMap((row) =>
      row.spans === null
        ? []
        : [
            {
              type: row.type,
              message: row.message,
              spans: row.spans,
              firstSeenUnixNano: row.first_seen_unix_nano,
              lastSeenUnixNano: row.last_seen_unix_nano,
              example: { traceId: row.trace_id, spanId: row.span_id, spanName: row.span_name },
            },
          ],
    ),
    groupCount: rows[0]?.group_count ?? 0,
    failedSpans: rows[0]?.failed_spans ?? 0,
    readSpans: rows[0]?.read_spans ?? 0,
  };
}

/** Short steps have few spans beside the failed ones; long ranges have aggregates of long steps only. */
function stepOf(rangeNs: bigint): string {
  if (rangeNs <= 2n * hourNs) return '10 seconds';
  return rangeNs <= 192n * hourNs ? '5 minutes' : '1 hour';
}
