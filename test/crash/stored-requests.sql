-- What is stored of each request: how many spans, and how many different ones. A request's number is the first 32 bits
-- of its trace ids. Asked of the public view, so that a span whose dictionaries were lost does not count.
SELECT
  ('x' || substr(trace_id_hex, 1, 8))::bit(32)::int8 AS request,
  count(*)::int AS spans,
  count(DISTINCT span_id)::int AS different_spans,
  count(*) FILTER (WHERE service_name IS NULL OR resource_tags IS NULL OR instrumentation_lib_name IS NULL)::int
    AS incomplete_spans
FROM ps_trace.span
GROUP BY 1
