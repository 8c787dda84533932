-- Returns for each request the number of stored spans and of distinct ones. The number of a request is the first 32 bits of
-- its trace ids. It reads the public view, where spans without their dictionary entries are missing.
SELECT
  ('x' || substr(trace_id_hex, 1, 8))::bit(32)::int8 AS request,
  count(*)::int AS spans,
  count(DISTINCT span_id)::int AS different_spans,
  count(*) FILTER (WHERE service_name IS NULL OR resource_tags IS NULL OR instrumentation_lib_name IS NULL)::int
    AS incomplete_spans
FROM ps_trace.span
GROUP BY 1
