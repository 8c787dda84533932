import type pg from 'pg';
import type { BruteSpan } from './call-aggregates.ts';

/** Stores spans with their blocks, in a new or in an open transaction. */
export async function insertSpans(on: pg.ClientBase, spans: readonly BruteSpan[]): Promise<void> {
  if (spans.length === 0) return;
  const column = <T>(of: (span: BruteSpan) => T): T[] => spans.map(of);
  await on.query(
    `WITH added AS (
       INSERT INTO tracestore.span (trace_id, span_id, parent_span_id, start_time, start_nanos, end_time, end_nanos,
         operation_id, instance, status_code, resource_id, scope_id, attributes)
       SELECT trace_id, span_id, parent_span_id, 'epoch'::timestamptz + start_us * interval '1 us', start_nanos,
         'epoch'::timestamptz + end_us * interval '1 us', end_nanos, operation_id, instance, status_code, 1, 1, '{}'
       FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::int8[], $5::int2[], $6::int8[], $7::int2[], $8::int8[],
         $9::int4[], $10::int4[])
         AS s (trace_id, span_id, parent_span_id, start_us, start_nanos, end_us, end_nanos, operation_id, instance, status_code)
       RETURNING trace_id, start_time,
         ((extract(epoch FROM end_time) - extract(epoch FROM start_time)) * 1000000)::int8 * 1000 + end_nanos - start_nanos AS duration_ns
     )
     INSERT INTO tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
     SELECT max(start_time), min(start_time), greatest(max(duration_ns), 0), count(*), 0, 1, array_agg(DISTINCT trace_id), ''
     FROM (SELECT *, row_number() OVER () / 100 AS nr FROM added) AS numbered
     GROUP BY date_trunc('hour', start_time), nr`,
    [
      column((span) => span.traceId),
      column((span) => span.spanId),
      column((span) => span.parentSpanId ?? null),
      column((span) => span.startNs / 1000n),
      column((span) => Number(span.startNs % 1000n)),
      column((span) => span.endNs / 1000n),
      column((span) => Number(span.endNs % 1000n)),
      column((span) => span.operationId),
      column((span) => span.instance),
      column((span) => (span.isError ? 2 : null)),
    ],
  );
}
