-- differences-errors

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = 8000
WITH block AS MATERIALIZED (
  SELECT b.trace_ids, b.span_count
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
    AND true
),
bound AS MATERIALIZED (
  SELECT least(1, $3::numeric * 40 / greatest(coalesce(sum(span_count), 0), 1)) AS share
  FROM block
),
hashed AS (
  SELECT trace_id, uuid_hash_extended(trace_id, 0) AS hash
  FROM block, unnest(block.trace_ids) AS trace_id
),
sampled AS (
  SELECT hashed.trace_id, hashed.hash
  FROM hashed
  WHERE hashed.hash <= (
    SELECT least(9223372036854775807, floor(bound.share * 18446744073709551616) - 9223372036854775808)::int8 FROM bound
  )
  GROUP BY hashed.trace_id, hashed.hash
  ORDER BY hashed.hash, hashed.trace_id
  LIMIT $3::int8
)
SELECT
  sampled.trace_id,
  CASE
    WHEN count(*) OVER () < $3::int8 THEN bound.share
    ELSE (max(sampled.hash) OVER () + 9223372036854775808) / 18446744073709551616
  END::float8 AS sampled_share
FROM sampled
CROSS JOIN bound
ORDER BY sampled.hash, sampled.trace_id;

-- $1 = {0af76519-16cd-43dd-8448-eb211c80319c, 4bf92f35-77b3-4da6-a3ce-929d0e0e4736}
-- $2 = {2}
-- $3 = '2023-11-14T21:13:20.000000Z'
-- $4 = '2023-11-14T22:13:20.000000Z'
-- $5 = 0
-- $6 = 0
SELECT
  spans.trace_id,
  min(spans.start_ns) AS start_ns,
  greatest(max(spans.end_ns) - min(spans.start_ns), 0) AS duration_ns,
  bool_or(spans.is_base AND spans.is_selected) AS is_selected
FROM (
  SELECT ARRAY[known.trace_id] AS trace_ids, known.trace_id, known.start_min, known.start_max
  FROM tracestore.trace_times($1::uuid[]) AS known
  OFFSET 0
) AS w
CROSS JOIN LATERAL (
  SELECT
    s.trace_id,
    (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
    (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_ns,
    true AS is_base,
    (CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END = ANY ($2::int4[])) IS TRUE AS is_selected
  FROM tracestore.span s
  WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
    AND s.start_time BETWEEN $3::timestamptz AND $4::timestamptz
    AND (s.start_time > $3::timestamptz OR s.start_nanos >= $5)
    AND (s.start_time < $4::timestamptz OR s.start_nanos <= $6)
  OFFSET 0
) AS spans
GROUP BY spans.trace_id
HAVING bool_or(spans.is_base);

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = 8000
WITH block AS MATERIALIZED (
  SELECT b.trace_ids, b.span_count
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
    AND b.error_count > 0
),
bound AS MATERIALIZED (
  SELECT least(1, $3::numeric * 40 / greatest(coalesce(sum(span_count), 0), 1)) AS share
  FROM block
),
hashed AS (
  SELECT trace_id, uuid_hash_extended(trace_id, 0) AS hash
  FROM block, unnest(block.trace_ids) AS trace_id
),
sampled AS (
  SELECT hashed.trace_id, hashed.hash
  FROM hashed
  WHERE hashed.hash <= (
    SELECT least(9223372036854775807, floor(bound.share * 18446744073709551616) - 9223372036854775808)::int8 FROM bound
  )
  GROUP BY hashed.trace_id, hashed.hash
  ORDER BY hashed.hash, hashed.trace_id
  LIMIT $3::int8
)
SELECT
  sampled.trace_id,
  CASE
    WHEN count(*) OVER () < $3::int8 THEN bound.share
    ELSE (max(sampled.hash) OVER () + 9223372036854775808) / 18446744073709551616
  END::float8 AS sampled_share
FROM sampled
CROSS JOIN bound
ORDER BY sampled.hash, sampled.trace_id;

-- $1 = {0af76519-16cd-43dd-8448-eb211c80319c}
-- $2 = {4bf92f35-77b3-4da6-a3ce-929d0e0e4736}
-- $3 = '2023-11-14T21:13:20.000000Z'
-- $4 = '2023-11-14T22:13:20.000000Z'
-- $5 = 1000
SELECT
  level, key, value::text AS value,
  number_min, number_max,
  inside_count::int4 AS inside, inside_total::int4 AS inside_total,
  outside_count::int4 AS outside, outside_total::int4 AS outside_total,
  effect, p_value, q_value
FROM ps_trace.attribute_differences(
  $1::uuid[]::ps_trace.trace_id[], $2::uuid[]::ps_trace.trace_id[],
  $3::timestamptz, $4::timestamptz + interval '1 microsecond', $5::int4
);
