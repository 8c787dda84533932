-- Query: {} | quantile_over_time(duration, 0.5, 0.99)
-- rows: true
-- rows: quantile_over_time
SELECT x.i, x.labels, x.bucket, count(*)::float8 AS value
FROM (SELECT s.i, '[]'::text AS labels, width_bucket(
  (s.duration_ns)::numeric::int8,
  '{2,3,5,9,17,33,65,129,257,513,1025,2049,4097,8193,16385,32769,65537,131073,262145,524289,1048577,2097153,4194305,8388609,16777217,33554433,67108865,134217729,268435457,536870913,1073741825,2147483649,4294967297,8589934593,17179869185,34359738369,68719476737,137438953473,274877906945,549755813889,1099511627777,2199023255553,4398046511105,8796093022209,17592186044417,35184372088833,70368744177665,140737488355329,281474976710657,562949953421313,1125899906842625,2251799813685249,4503599627370497,9007199254740993,18014398509481985,36028797018963969,72057594037927937,144115188075855873,288230376151711745,576460752303423489,1152921504606846977,2305843009213693953,4611686018427387905}'::int8[]
) AS bucket FROM (SELECT s.*, (s.start_ns - '1699996400000000000'::int8 - 1) / '60000000000'::int8 AS i
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
  AND true) AS s) AS x
GROUP BY 1, 2, 3
LIMIT '500001'::int8;
