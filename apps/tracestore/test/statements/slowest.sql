-- Search: {"filter":{"op":"and","filters":[]},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000","order":"slowest"}

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = 9223372036854775807
-- $4 = 48
-- $5 = {}
-- $6 = 0
-- $7 = 0
WITH batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids, b.duration_ns_max
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
    AND b.duration_ns_max <= $3::int8
    AND true
  ORDER BY b.duration_ns_max DESC
  FETCH FIRST ($4::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
    FROM batch b, unnest(b.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($5::uuid[])
    GROUP BY trace_id
  ) AS traces
  GROUP BY start_min, start_max
),
found AS (
  SELECT spans.trace_id, max(spans.duration_ns) AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0) AS duration_ns
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $1::timestamptz AND $2::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $6)
      AND (s.start_time < $2::timestamptz OR s.start_nanos <= $7)
      AND true
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  CASE WHEN read.blocks >= $4 THEN read.low_water_mark END AS low_water_mark,
  read.blocks < $4 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(duration_ns_max) AS low_water_mark FROM batch) AS read
LEFT JOIN found ON true;
