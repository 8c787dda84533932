import { readSql } from '../../sql.js';
import { preparedOverPartitions } from '../prepared-statements.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { requireTraceId, traceIdOf } from '../span-id.js';
import { firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';

const summarize = readSql<{
  readonly trace_ids: readonly string[];
  readonly start_min: string;
  readonly start_max: string;
}>(import.meta.url, 'summarize-traces.sql');

/** The spans of one service in a trace. */
export interface ServiceSummary {
  readonly name: string;
  readonly spanCount: number;
  readonly errorCount: number;
}

/** A summary of a trace. */
export interface TraceSummary {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The first span without a parent; undefined when every span has one. */
  readonly root: { readonly serviceName: string; readonly spanName: string } | undefined;
  /** What a trace without a root shows: its first orphan, or the span that starts first. */
  readonly firstSpan: { readonly serviceName: string; readonly spanName: string };
  /** The start of the first span, and the end of the last one. */
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly spanCount: number;
  readonly errorCount: number;
  /** Spans whose parent is not stored. */
  readonly orphanCount: number;
  /** By name. */
  readonly services: readonly ServiceSummary[];
}

interface SummaryRow {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly spans: string;
  readonly errors: string;
  readonly orphans: string;
  readonly root_service: string | null;
  readonly root_operation: string | null;
  readonly first_service: string | null;
  readonly first_operation: string | null;
  readonly services: readonly (readonly [string, number, number])[];
}

/**
 * Summarize traces, in the order requested. Unknown traces are left out.
 *
 * @param traceIds 32 hex digits each
 * @throws TracestoreError
 */
export async function summarizeTraces(
  database: QueryDatabaseService,
  traceIds: readonly string[],
  signal?: AbortSignal,
): Promise<readonly TraceSummary[]> {
  const ids = [...new Set(traceIds.map((traceId, n) => requireTraceId(traceId, `trace_ids[${n}]`)))];
  if (ids.length === 0) return [];
  const statement = summarize.bind({
    trace_ids: ids,
    start_min: timestampOf(microsecondsOf(firstUnixNano)),
    start_max: timestampOf(microsecondsOf(lastUnixNano)),
  });
  const rows = await database.query<SummaryRow>(preparedOverPartitions(statement), signal);
  const summaries = new Map(rows.map((row) => [traceIdOf(row.trace_id), summaryOf(row)]));
  return ids.map((id) => summaries.get(id)).filter((summary) => summary !== undefined);
}

function summaryOf(row: SummaryRow): TraceSummary {
  return {
    traceId: traceIdOf(row.trace_id),
    root: row.root_service === null ? undefined : { serviceName: row.root_service, spanName: row.root_operation ?? '' },
    firstSpan: { serviceName: row.first_service ?? '', spanName: row.first_operation ?? '' },
    startTimeUnixNano: BigInt(row.start_ns),
    endTimeUnixNano: BigInt(row.end_ns),
    spanCount: Number(row.spans),
    errorCount: Number(row.errors),
    orphanCount: Number(row.orphans),
    services: row.services.map(([name, spanCount, errorCount]) => ({ name, spanCount, errorCount })),
  };
}
