-- Opens a cursor over the spans of the traces $1 (each with the times $2 to $3 within which a span has to start), one
-- trace after the other in the order asked, each by time. $4 and $5 are the earliest and the latest of those times, so
-- that partitions may be left out.
DECLARE spans NO SCROLL CURSOR FOR
SELECT
  asked.number,
  s.span_id,
  s.parent_span_id,
  (extract(epoch FROM s.start_time) * 1000000)::int8 AS start_us,
  s.start_nanos,
  (extract(epoch FROM s.end_time) * 1000000)::int8 AS end_us,
  s.end_nanos,
  s.instance,
  s.operation_id,
  s.resource_id,
  s.scope_id,
  s.flags,
  s.dropped_attributes_count,
  s.dropped_events_count,
  s.dropped_links_count,
  s.status_code,
  s.status_message,
  s.trace_state,
  s.attributes::text AS attributes
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS asked (trace_id, start_min, start_max, number)
JOIN tracestore.trace_times($1::uuid[]) AS known ON known.trace_id = asked.trace_id
CROSS JOIN LATERAL (
  SELECT *
  FROM tracestore.span AS of_trace
  WHERE of_trace.trace_id = asked.trace_id AND of_trace.start_time BETWEEN asked.start_min AND asked.start_max
    AND of_trace.start_time BETWEEN known.start_min AND known.start_max
    AND of_trace.start_time BETWEEN $4::timestamptz AND $5::timestamptz
  -- Trace by trace: the times of one leave out most of what would be asked for those of all.
  OFFSET 0
) AS s
ORDER BY asked.number, s.start_time, s.span_id, s.instance
