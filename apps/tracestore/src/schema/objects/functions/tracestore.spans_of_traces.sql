CREATE OR REPLACE FUNCTION tracestore.spans_of_traces(p_trace_ids uuid[], p_start_min timestamptz, p_start_max timestamptz)
RETURNS TABLE (
  nr int8, trace_id uuid, span_id int8, parent_span_id int8, instance int4, operation_id int8, status_code int4,
  start_time timestamptz, start_ns int8, end_ns int8
)
-- Without bitmap scans: otherwise the planner reads the index by time for each trace, in addition to the index by trace.
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 SET enable_bitmapscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT
    row_number() OVER (),
    s.trace_id, s.span_id, s.parent_span_id::int8, s.instance, s.operation_id, s.status_code, s.start_time,
    tracestore.unix_nano(s.start_time, s.start_nanos),
    greatest(tracestore.unix_nano(s.start_time, s.start_nanos), tracestore.unix_nano(s.end_time, s.end_nanos))
  -- A join: = ANY would compare each row of a lossy index page with the whole list.
  FROM (SELECT DISTINCT unnest(p_trace_ids) AS trace_id) asked
  JOIN tracestore.span s ON s.trace_id = asked.trace_id
  WHERE s.start_time >= p_start_min AND s.start_time <= p_start_max;
END;
COMMENT ON FUNCTION tracestore.spans_of_traces IS 'The spans of these traces that start from p_start_min to p_start_max, both included, each with a number. A separate function, because it needs nested loops and its callers avoid them';
