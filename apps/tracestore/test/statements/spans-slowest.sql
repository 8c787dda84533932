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

-- $1 = {1338910383, 1257035349, 1175160316, 1093285282, 1011410249, 929535215, 847660182, 765785148}
-- $2 = {1154868983, 1226975948, 1299082912, 1371189877, 1443296841, 1515403806, 1587510770, 1659617735}
-- $3 = '2023-11-14T21:13:20.000000Z'
-- $4 = '2023-11-14T22:13:20.000000Z'
-- $5 = 64
-- $6 = {}
-- $7 = 0
-- $8 = 0
-- $9 = {81985529216486895}
-- $10 = 'user.id'
-- $11 = '"ann"'
-- $12 = null
-- $13 = null
-- $14 = null
-- $15 = 20
-- $16 = {http.route}
WITH next_block AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.duration_ns_max, b.trace_ids, (
    (
      get_bit(b.filter, ((b.salt * ($1::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($1::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
    )
    AND (
      get_bit(b.filter, ((b.salt * ($2::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($2::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
    )
  ) AS may_match
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $3::timestamptz AND $4::timestamptz + interval '1 hour'
    AND b.start_min <= $4::timestamptz
  ORDER BY b.duration_ns_max DESC
  FETCH FIRST ($5::int8) ROWS WITH TIES
),
batch AS (
  SELECT start_min, start_max, trace_ids FROM next_block WHERE may_match
),
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
    FROM batch b, unnest(b.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($6::uuid[])
    GROUP BY trace_id
  ) AS traces
  GROUP BY start_min, start_max
),
read AS (
  SELECT CASE WHEN count(*) >= $5 THEN min(b.duration_ns_max) END AS low_water_mark FROM next_block b
),
found AS (
  SELECT spans.*
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT
      s.trace_id,
      s.span_id,
      s.parent_span_id,
      s.operation_id,
      s.resource_id,
      s.status_code,
      s.status_message,
      s.attributes,
      greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0) AS position,
      (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
      greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0) AS duration_ns
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $3::timestamptz AND $4::timestamptz
      AND (s.start_time > $3::timestamptz OR s.start_nanos >= $7)
      AND (s.start_time < $4::timestamptz OR s.start_nanos <= $8)
      AND (
        (s.operation_id = ANY ($9::int8[])) IS TRUE
        AND ((s.attributes -> $10::text)::text = ($11::jsonb)::text) IS TRUE
      )
    OFFSET 0
  ) AS spans
  CROSS JOIN read
  WHERE spans.position >= coalesce(read.low_water_mark, 0)
    AND (
      $12::numeric IS NULL OR spans.position < $12
      OR (spans.position = $12 AND (spans.trace_id, spans.span_id) > ($13::uuid, $14::int8))
    )
  ORDER BY spans.position DESC, spans.trace_id, spans.span_id
  LIMIT $15::int8
)
SELECT
  read.low_water_mark,
  found.trace_id,
  found.span_id,
  found.parent_span_id,
  found.position,
  found.start_ns,
  found.duration_ns,
  found.status_code,
  left(found.status_message, 200) AS status_message,
  o.service_name,
  o.span_name,
  CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END AS span_kind,
  ARRAY(
    SELECT left(coalesce(found.attributes -> k.key, r.attributes -> k.key)::text, 1000)
    FROM unnest($16::text[]) WITH ORDINALITY AS k (key, n)
    ORDER BY k.n
  ) AS attribute_values
FROM read
LEFT JOIN found ON true
LEFT JOIN tracestore.operation o ON o.id = found.operation_id
LEFT JOIN tracestore.resource r ON r.id = found.resource_id
ORDER BY found.position DESC, found.trace_id, found.span_id;
