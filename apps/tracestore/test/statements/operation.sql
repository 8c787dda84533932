-- Search: {"filter":{"op":"and","filters":[{"op":"eq","reference":{"field":"resource.service"},"value":{"type":"string","value":"cart"}},{"op":"eq","reference":{"field":"span.name"},"value":{"type":"string","value":"GET /cart"}}]},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000"}

-- $1 = 'cart'
-- $2 = 'GET /cart'
-- $3 = 1001
SELECT
  ARRAY(SELECT o.id FROM tracestore.operation o WHERE (o.service_name = $1::text AND o.span_name = $2::text) LIMIT $3::int8) AS "ids_0",
  CASE
    WHEN relkind = 'p' THEN 16
    WHEN current_setting('timescaledb.enable_sparse_index_bloom', true) = 'on' THEN 2
    ELSE 0
  END AS indexed_operations
FROM pg_class
WHERE oid = 'tracestore.span'::regclass;

-- $1 = {1311768467294899695}
-- $2 = '2023-11-14T23:13:20.000001Z'
-- $3 = '2023-11-14T21:13:20.000000Z'
-- $4 = '2023-11-14T22:13:20.000000Z'
-- $5 = 0
-- $6 = 0
-- $7 = {}
-- $8 = 40
WITH newest AS MATERIALIZED (
  SELECT o.operation_id, spans.trace_id, spans.start_time
  FROM unnest($1::int8[]) AS o (operation_id)
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.operation_id = o.operation_id AND s.start_time < $2::timestamptz
      AND s.start_time BETWEEN $3::timestamptz AND $4::timestamptz
      AND (s.start_time > $3::timestamptz OR s.start_nanos >= $5)
      AND (s.start_time < $4::timestamptz OR s.start_nanos <= $6)
      AND s.trace_id <> ALL ($7::uuid[])
    ORDER BY s.start_time DESC
    FETCH FIRST ($8::int8) ROWS WITH TIES
  ) AS spans
),
read AS (
  SELECT max(low_water_mark) AS low_water_mark
  FROM (
    SELECT min(start_time) AS low_water_mark FROM newest GROUP BY operation_id HAVING count(*) >= $8
  ) AS of_each
)
SELECT
  (extract(epoch FROM read.low_water_mark) * 1000000)::int8 AS low_water_mark,
  false AS is_rare,
  found.trace_id,
  found.position
FROM read
LEFT JOIN (
  SELECT trace_id, (extract(epoch FROM max(start_time)) * 1000000)::int8 AS position FROM newest GROUP BY trace_id
) AS found ON true;
