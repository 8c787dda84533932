-- groups-attribute

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = {127397426, 832959827, 1538522227, 96600980, 802163380, 1507725781, 65804533, 771366934}
-- $4 = 5000
WITH block AS MATERIALIZED (
  SELECT b.trace_ids, b.span_count
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
    AND (
      get_bit(b.filter, ((b.salt * ($3::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($3::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
    )
),
bound AS MATERIALIZED (
  SELECT least(1, $4::numeric * 40 / greatest(coalesce(sum(span_count), 0), 1)) AS share
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
  LIMIT $4::int8
)
SELECT
  sampled.trace_id,
  CASE
    WHEN count(*) OVER () < $4::int8 THEN bound.share
    ELSE (max(sampled.hash) OVER () + 9223372036854775808) / 18446744073709551616
  END::float8 AS sampled_share
FROM sampled
CROSS JOIN bound
ORDER BY sampled.hash, sampled.trace_id;

-- $1 = {0af76519-16cd-43dd-8448-eb211c80319c, 4bf92f35-77b3-4da6-a3ce-929d0e0e4736}
-- $2 = 'o'clock'
-- $3 = 'cart'
-- $4 = '2023-11-14T21:13:20.000000Z'
-- $5 = '2023-11-14T22:13:20.000000Z'
-- $6 = 0
-- $7 = 0
-- $8 = 0
-- $9 = 9223372036854775807
-- $10 = 50
WITH spans AS MATERIALIZED (
  SELECT found.*
  FROM (
    SELECT ARRAY[known.trace_id] AS trace_ids, known.trace_id, known.start_min, known.start_max
    FROM tracestore.trace_times($1::uuid[]) AS known
    OFFSET 0
  ) AS w
  CROSS JOIN LATERAL (
    SELECT
      (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
      (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_ns,
      s.status_code IS NOT DISTINCT FROM 2 AS is_error,
      coalesce((
        SELECT CASE WHEN length(a.value #>> '{}') > 200 THEN to_jsonb(left(a.value #>> '{}', 200) || '…') ELSE a.value END::text
        FROM (
          SELECT coalesce(
            s.attributes -> $2::text,
            (SELECT r.attributes -> $2::text FROM tracestore.resource r WHERE r.id = s.resource_id)
          ) AS value
        ) AS a
      ), '') AS value,
      (s.operation_id IN (SELECT o.id FROM tracestore.operation o WHERE o.service_name = $3::text)) IS TRUE AS is_match,
      max((extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos) OVER ()
        - min((extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos) OVER () AS trace_ns
    FROM tracestore.span s
    WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $4::timestamptz AND $5::timestamptz
      AND (s.start_time > $4::timestamptz OR s.start_nanos >= $6)
      AND (s.start_time < $5::timestamptz OR s.start_nanos <= $7)
    OFFSET 0
  ) AS found
  WHERE found.is_match
    AND found.trace_ns >= $8::numeric AND found.trace_ns <= $9::numeric
),
counted AS MATERIALIZED (
  SELECT value, row_number() OVER (ORDER BY count(*) DESC, value) AS rank
  FROM spans
  GROUP BY value
),
numbered AS (
  SELECT
    least(counted.rank, $10::int8 + 1) AS rank, counted.rank AS own_rank,
    spans.value, spans.is_error, greatest(spans.end_ns - spans.start_ns, 0) AS duration_ns
  FROM spans
  JOIN counted ON counted.value = spans.value
)
SELECT
  CASE WHEN rank <= $10::int8 THEN nullif(min(value), '') END AS value,
  CASE WHEN rank > $10::int8 THEN count(DISTINCT own_rank) ELSE 0 END::int4 AS other_values,
  count(*)::int4 AS calls,
  (count(*) FILTER (WHERE is_error))::int4 AS errors,
  percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ns)::float8[] AS percentiles_ns
FROM numbered
GROUP BY rank
ORDER BY rank;
