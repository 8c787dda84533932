import type { LinkedSpan, LinksResponse } from '@spandrel/console-api';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { clampUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';

/** The most spans of each direction. */
const maxLinkedSpans = 100;

/** Spans that link to a span start at most so long before it (clocks differ) and after it. */
const nsPerHour = 3_600_000_000_000n;
const linksBeforeNs = nsPerHour;
const linksAfterNs = 24n * nsPerHour;

interface SpanNames {
  readonly trace_id: string;
  readonly span_id: string;
}

const findLinked = readSql<SpanNames & { readonly link_count: string }>(import.meta.url, 'find-linked-spans.sql');
const findLinking = readSql<
  SpanNames & { readonly start_min: string; readonly start_max: string; readonly span_count: string }
>(import.meta.url, 'find-linking-spans.sql');

interface LinkedRow {
  readonly trace_id: string;
  readonly span_id: string;
  readonly service_name: string;
  readonly span_name: string;
  readonly span_kind: number;
  readonly start_ns: string;
  readonly duration_ns: string;
  readonly is_error: boolean;
}

/**
 * Find the spans at the other ends of links: those that a span links to, and those that link to it.
 *
 * @param startUnixNano the start of the span; spans that link to it are looked for from 1 h before to 24 h after it
 * @throws TracestoreError
 */
export async function findSpanLinks(
  database: QueryDatabaseService,
  { traceId, spanId }: { readonly traceId: string; readonly spanId: string },
  startUnixNano: bigint,
  signal?: AbortSignal,
): Promise<LinksResponse> {
  const span = { trace_id: traceId, span_id: BigInt.asIntN(64, BigInt(`0x${spanId}`)).toString() };
  const from = clampUnixNano(startUnixNano - linksBeforeNs);
  const to = clampUnixNano(startUnixNano + linksAfterNs);
  const linked = findLinked.bind({ ...span, link_count: String(maxLinkedSpans) });
  const linking = findLinking.bind({
    ...span,
    start_min: timestampOf(microsecondsOf(from)),
    start_max: timestampOf(microsecondsOf(to)),
    // One more shows that there are more.
    span_count: String(maxLinkedSpans + 1),
  });
  const outgoing = await database.query<LinkedRow>(linked, signal);
  const incoming = await database.query<LinkedRow>(linking, signal);
  return {
    outgoing: outgoing.map(linkedSpanOf),
    incoming: incoming.slice(0, maxLinkedSpans).map(linkedSpanOf),
    hasMoreIncoming: incoming.length > maxLinkedSpans,
    incomingFromUnixNano: String(from),
    incomingToUnixNano: String(to),
  };
}

function linkedSpanOf(row: LinkedRow): LinkedSpan {
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    service: row.service_name,
    name: row.span_name,
    kind: row.span_kind,
    startTimeUnixNano: row.start_ns,
    durationNs: Number(row.duration_ns),
    isError: row.is_error,
  };
}
