-- Query: { kind = client } | avg_over_time(span.size) by(name)
-- dictionary: kind = client
-- rows: avg_over_time
SELECT
  x.i,
  x.labels,
  min(x.value) AS min_value,
  max(x.value) AS max_value,
  sum(CASE WHEN x.value IS NOT NULL THEN greatest(least(x.value, 1e290), -1e290) END) AS sum_value,
  count(x.value)::float8 AS count_value
FROM (SELECT s.i, (to_jsonb(ARRAY[to_jsonb(s.name)]::jsonb[]))::text AS labels, ps_trace.traceql_number(ps_trace.traceql_value((s.attributes -> 'size'::text))) AS value FROM (SELECT s.*, (s.start_ns - '1699996400000000000'::int8 - 1) / '60000000000'::int8 AS i
FROM (SELECT x.*, x.parent_span_id IS NULL AND CASE WHEN x.kind = 2 THEN NOT EXISTS (
  SELECT FROM ps_trace.span client
  WHERE client.trace_id = x.trace_id AND client.span_id = x.span_id AND client.span_kind = 'client'
) ELSE true END AS is_root
FROM (SELECT
  s.trace_id::uuid AS trace_id,
  s.span_id,
  s.parent_span_id,
  0 AS instance,
  s.start_time_unix_nano AS start_ns,
  greatest(s.end_time_unix_nano - s.start_time_unix_nano, 0) AS duration_ns,
  s.service_name,
  s.span_name AS name,
  coalesce(array_position(ARRAY['internal', 'server', 'client', 'producer', 'consumer'], s.span_kind::text), 0) AS kind,
  coalesce(array_position(ARRAY['ok', 'error'], s.status_code::text), 0) AS status,
  coalesce(s.status_message, '') AS status_message,
  s.span_tags::jsonb AS attributes,
  s.resource_tags::jsonb AS resource,
  coalesce(s.instrumentation_lib_name, '') AS scope_name,
  coalesce(s.instrumentation_lib_version, '') AS scope_version,
  s.instrumentation_lib_tags::jsonb AS scope,
  NULL::jsonb[] AS events,
  NULL::jsonb[] AS links
FROM ps_trace.span s
WHERE s.start_time BETWEEN '2023-11-14T21:13:20.000000Z'::timestamptz AND '2023-11-14T22:13:20.000000Z'::timestamptz) AS x) AS s
WHERE s.start_ns > '1699996400000000000'::int8 AND s.start_ns <= '1700000000000000000'::int8
  AND (s.kind = '3'::numeric) IS TRUE) AS s) AS x
GROUP BY 1, 2
LIMIT '500001'::int8;
