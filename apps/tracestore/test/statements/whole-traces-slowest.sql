-- $1 = 'cart'
-- $2 = 1001
SELECT
  ARRAY(SELECT o.id FROM tracestore.operation o WHERE o.service_name = $1::text LIMIT $2::int8) AS "ids_0",
  CASE
    WHEN relkind = 'p' THEN 16
    WHEN current_setting('timescaledb.enable_sparse_index_bloom', true) = 'on' THEN 2
    ELSE 0
  END AS indexed_operations
FROM pg_class
WHERE oid = 'tracestore.span'::regclass;

-- $1 = {1154868983, 1226975948, 1299082912, 1371189877, 1443296841, 1515403806, 1587510770, 1659617735}
-- $2 = '2023-11-14T21:13:20.000000Z'
-- $3 = '2023-11-14T22:23:20.000000Z'
-- $4 = 65536
-- $5 = 1700000000000000
-- $6 = 0
-- $7 = 9223372036854775807
-- $8 = 1000
WITH next_block AS MATERIALIZED (
  SELECT
    (extract(epoch FROM b.start_min) * 1000000)::int8 AS first_us,
    (extract(epoch FROM b.start_max) * 1000000)::int8 AS last_us,
    b.duration_ns_max,
    b.trace_ids,
    (
      get_bit(b.filter, ((b.salt * ($1::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
    ) AS may_match
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $2::timestamptz AND $3::timestamptz + interval '1 hour'
    AND b.start_min <= $3::timestamptz
  ORDER BY b.start_max DESC
  FETCH FIRST ($4::int8) ROWS WITH TIES
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
  WHERE true
  GROUP BY t.trace_id
),
candidate AS (
  SELECT c.trace_id, c.longest AS bound
  FROM grouped c
  CROSS JOIN read
  WHERE c.may_match
    AND c.first_start <= $5::int8
    AND c.longest >= $6::int8
    AND (read.blocks < $4 OR c.last_start >= read.low_water_mark)
    AND c.longest < $7::int8
  ORDER BY bound DESC
  FETCH FIRST ($8::int8) ROWS WITH TIES
)
SELECT
  read.blocks,
  CASE WHEN read.blocks >= $4 THEN read.low_water_mark END AS low_water_mark,
  candidate.trace_id,
  candidate.bound
FROM read
LEFT JOIN candidate ON true
ORDER BY candidate.bound DESC NULLS LAST;

-- $1 = {0af7651916cd43dd8448eb211c80319c}
-- $2 = '2023-11-14T21:13:20.000000Z'
-- $3 = '2023-11-14T22:23:20.000000Z'
-- $4 = {81985529216486895}
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
    s.start_time BETWEEN $2::timestamptz AND $3::timestamptz AND (s.operation_id = ANY ($4::int8[])) IS TRUE AS is_match
  FROM tracestore.span s
  WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
  OFFSET 0
) AS spans
GROUP BY spans.trace_id;
