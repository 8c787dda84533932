-- differences-attribute

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = {127397426, 832959827, 1538522227, 96600980, 802163380, 1507725781, 65804533, 771366934}
-- $4 = 8000
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
-- $2 = 'cart'
-- $3 = 'GET /cart'
-- $4 = 'user.tier'
-- $5 = '"gold"'
-- $6 = 'user.tier'
-- $7 = '{"bytesValue":"gold"}'
-- $8 = 'user.tier'
-- $9 = '"gold"'
-- $10 = 'user.tier'
-- $11 = '{"bytesValue":"gold"}'
-- $12 = 'user.tier'
-- $13 = '"gold"'
-- $14 = 'user.tier'
-- $15 = '{"bytesValue":"gold"}'
-- $16 = '2023-11-14T21:13:20.000000Z'
-- $17 = '2023-11-14T22:13:20.000000Z'
-- $18 = 'user.tier'
-- $19 = '"gold"'
-- $20 = 'user.tier'
-- $21 = '{"bytesValue":"gold"}'
-- $22 = 'user.tier'
-- $23 = '"gold"'
-- $24 = 'user.tier'
-- $25 = '{"bytesValue":"gold"}'
-- $26 = 0
-- $27 = 0
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
    (s.operation_id IN (SELECT o.id FROM tracestore.operation o WHERE ((o.service_name = $2::text) IS TRUE AND (o.span_name = $3::text) IS TRUE))) IS TRUE AS is_base,
    (
      ((s.attributes -> $4::text)::text = ($5::jsonb)::text) IS TRUE
      OR ((s.attributes -> $6::text)::text = ($7::jsonb)::text) IS TRUE
      OR (s.resource_id IN (SELECT r.id FROM tracestore.resource r WHERE (
        ((r.attributes -> $8::text)::text = ($9::jsonb)::text) IS TRUE
        OR ((r.attributes -> $10::text)::text = ($11::jsonb)::text) IS TRUE
      ))) IS TRUE
      OR (s.scope_id IN (SELECT c.id FROM tracestore.scope c WHERE (
        ((c.attributes -> $12::text)::text = ($13::jsonb)::text) IS TRUE
        OR ((c.attributes -> $14::text)::text = ($15::jsonb)::text) IS TRUE
      ))) IS TRUE
      OR (s.trace_id, s.span_id, s.instance, s.start_time) IN (
        SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
        FROM unnest(w.trace_ids) AS known (trace_id)
        CROSS JOIN LATERAL (
          SELECT e.trace_id, e.span_id, e.span_instance, e.span_start_time
          FROM tracestore.event e
          WHERE e.trace_id = known.trace_id AND e.span_start_time BETWEEN w.start_min AND w.start_max
            AND e.span_start_time BETWEEN $16::timestamptz AND $17::timestamptz
            AND (
              ((e.attributes -> $18::text)::text = ($19::jsonb)::text) IS TRUE
              OR ((e.attributes -> $20::text)::text = ($21::jsonb)::text) IS TRUE
            )
          OFFSET 0
        ) AS found
      )
      OR (s.trace_id, s.span_id, s.instance, s.start_time) IN (
        SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
        FROM unnest(w.trace_ids) AS known (trace_id)
        CROSS JOIN LATERAL (
          SELECT k.trace_id, k.span_id, k.span_instance, k.span_start_time
          FROM tracestore.link k
          WHERE k.trace_id = known.trace_id AND k.span_start_time BETWEEN w.start_min AND w.start_max
            AND k.span_start_time BETWEEN $16::timestamptz AND $17::timestamptz
            AND (
              ((k.attributes -> $22::text)::text = ($23::jsonb)::text) IS TRUE
              OR ((k.attributes -> $24::text)::text = ($25::jsonb)::text) IS TRUE
            )
          OFFSET 0
        ) AS found
      )
    ) AS is_selected
  FROM tracestore.span s
  WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
    AND s.start_time BETWEEN $16::timestamptz AND $17::timestamptz
    AND (s.start_time > $16::timestamptz OR s.start_nanos >= $26)
    AND (s.start_time < $17::timestamptz OR s.start_nanos <= $27)
  OFFSET 0
) AS spans
GROUP BY spans.trace_id
HAVING bool_or(spans.is_base);

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = {127397426, 832959827, 1538522227, 96600980, 802163380, 1507725781, 65804533, 771366934}
-- $4 = 8000
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
