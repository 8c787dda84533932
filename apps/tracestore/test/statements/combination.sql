-- Search: {"filter":{"op":"and","filters":[{"op":"eq","reference":{"field":"resource.service"},"value":{"type":"string","value":"cart"}},{"op":"or","filters":[{"op":"eq","reference":{"attribute":"http.route","levels":["span"]},"value":{"type":"string","value":"/cart"}},{"op":"not","filter":{"op":"lt","reference":{"field":"span.duration"},"value":{"type":"int","value":"50000000"}}}]},{"op":"eq","reference":{"field":"span.kind"},"value":{"type":"string","value":"server"}}]},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000","order":"slowest"}

-- $1 = 'cart'
-- $2 = {2}
-- $3 = 1001
SELECT
  ARRAY(SELECT o.id FROM tracestore.operation o WHERE (
    o.service_name = $1::text
    AND CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END = ANY ($2::int4[])
  ) LIMIT $3::int8) AS "ids_0",
  CASE
    WHEN relkind = 'p' THEN 16
    WHEN current_setting('timescaledb.enable_sparse_index_bloom', true) = 'on' THEN 2
    ELSE 0
  END AS indexed_operations
FROM pg_class
WHERE oid = 'tracestore.span'::regclass;

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T22:13:20.000000Z'
-- $3 = 9223372036854775807
-- $4 = {1213589239, 2019071318, 677069748, 1482551827, 140550257, 946032336, 1751514414, 409512845}
-- $5 = {992614664, 2094026538, 1047954765, 1882991, 1103294866, 57223092, 1158634967, 112563193}
-- $6 = 48
-- $7 = {}
-- $8 = 0
-- $9 = 0
-- $10 = {1311768467294899695, -81985529216486896}
-- $11 = 'http.route'
-- $12 = '"/cart"'
-- $13 = '50001 microseconds'
-- $14 = '50000000'
WITH batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids, b.duration_ns_max
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour'
    AND b.start_min <= $2::timestamptz
    AND b.duration_ns_max <= $3::int8
    AND CASE WHEN (
      (
        get_bit(b.filter, ((b.salt * ($4::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($4::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      )
      OR (
        get_bit(b.filter, ((b.salt * ($5::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        AND get_bit(b.filter, ((b.salt * ($5::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      )
    ) THEN true ELSE false END
  ORDER BY b.duration_ns_max DESC
  FETCH FIRST ($6::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
    FROM batch b, unnest(b.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($7::uuid[])
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
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $8)
      AND (s.start_time < $2::timestamptz OR s.start_nanos <= $9)
      AND (
        (s.operation_id = ANY ($10::int8[])) IS TRUE
        AND (
          ((s.attributes -> $11::text)::text = ($12::jsonb)::text) IS TRUE
          OR NOT ((
            s.end_time - s.start_time <= $13::interval
            AND greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0) < $14::numeric
          )) IS TRUE
        )
      )
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  CASE WHEN read.blocks >= $6 THEN read.low_water_mark END AS low_water_mark,
  read.blocks < $6 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(duration_ns_max) AS low_water_mark FROM batch) AS read
LEFT JOIN found ON true;
