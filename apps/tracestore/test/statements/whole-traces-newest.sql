-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:23:20.000000Z'
-- $3 = 256
-- $4 = 1700000000000000
-- $5 = 0
-- $6 = 9223372036854775807
-- $7 = 1000
WITH next_block AS MATERIALIZED (
  SELECT
    (extract(epoch FROM b.start_min) * 1000000)::int8 AS first_us,
    (extract(epoch FROM b.start_max) * 1000000)::int8 AS last_us,
    b.duration_ns_max,
    b.trace_ids,
    true AS may_match
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
  ORDER BY b.start_max DESC
  FETCH FIRST ($3::int8) ROWS WITH TIES
),
read AS (
  SELECT count(*) AS blocks, min(last_us) AS low_water_mark FROM next_block
),
grouped AS (
  SELECT
    t.trace_id,
    bool_or(b.may_match) AS may_match,
    min(b.first_us) AS first_start,
    min(b.last_us) AS last_start,
    max(b.last_us + greatest(b.duration_ns_max, 0) / 1000 + 2) - min(b.first_us) AS longest
  FROM next_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  WHERE b.may_match
  GROUP BY t.trace_id
),
candidate AS (
  SELECT c.trace_id, c.last_start AS bound
  FROM grouped c
  CROSS JOIN read
  WHERE c.may_match
    AND c.first_start <= $4::int8
    AND c.longest >= $5::int8
    AND (read.blocks < $3 OR c.last_start >= read.low_water_mark)
    AND c.last_start < $6::int8
  ORDER BY bound DESC
  FETCH FIRST ($7::int8) ROWS WITH TIES
)
SELECT
  read.blocks,
  CASE WHEN read.blocks >= $3 THEN read.low_water_mark END AS low_water_mark,
  candidate.trace_id,
  candidate.bound
FROM read
LEFT JOIN candidate ON true
ORDER BY candidate.bound DESC NULLS LAST;

-- $1 = {0af7651916cd43dd8448eb211c80319c}
-- $2 = '2023-11-14T21:13:20.000000Z'
-- $3 = '2023-11-14T22:23:20.000000Z'
WITH lookup AS MATERIALIZED (
  SELECT array_agg(known.trace_id) AS trace_ids, known.start_min, known.start_max
  FROM tracestore.trace_times($1::uuid[]) AS known
  GROUP BY known.start_min, known.start_max
)
SELECT
  spans.trace_id,
  min(spans.start_ns) AS start_ns,
  max(spans.end_ns) AS end_ns,
  bool_or(spans.is_match) AS is_match
FROM lookup w
CROSS JOIN LATERAL (
  SELECT
    s.trace_id,
    (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
    (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_ns,
    s.start_time BETWEEN $2::timestamptz AND $3::timestamptz AND true AS is_match
  FROM tracestore.span s
  WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
  OFFSET 0
) AS spans
GROUP BY spans.trace_id;
