-- Search: {"filter":{"op":"and","filters":[{"op":"eq","reference":{"field":"resource.service"},"value":{"type":"string","value":"cart"}},{"op":"eq","reference":{"field":"span.status"},"value":{"type":"string","value":"error"}}]},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000"}

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

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T23:13:20.000001Z'
-- $3 = '2023-11-14T22:13:20.000000Z'
-- $4 = 500
-- $5 = {11911520, 1665677818, 1171960467, 678243117, 184525766, 1838292064, 1344574713, 850857363}
-- $6 = {2058070163, 1003372816, 2096159116, 1041461769, 2134248069, 1079550722, 24853374, 1117639675}
-- $7 = 10
-- $8 = {}
-- $9 = 0
-- $10 = 0
-- $11 = {1311768467294899695, -81985529216486896}
-- $12 = {2}
WITH scanned AS MATERIALIZED (
  SELECT count(*) AS blocks, min(start_max) AS low_water_mark
  FROM (
    SELECT b.start_max
    FROM tracestore.span_block b
    WHERE b.start_max >= $1::timestamptz AND b.start_max < $2::timestamptz
      AND b.start_min <= $3::timestamptz
    ORDER BY b.start_max DESC
    FETCH FIRST ($4::int8) ROWS WITH TIES
  ) AS next_blocks
),
batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids
  FROM tracestore.span_block b
  WHERE b.start_max >= greatest($1::timestamptz, (SELECT low_water_mark FROM scanned)) AND b.start_max < $2::timestamptz
    AND b.start_min <= $3::timestamptz
    AND (
      b.error_count > 0
      AND CASE WHEN (
        (
          get_bit(b.filter, ((b.salt * ($5::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($5::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        )
        OR (
          get_bit(b.filter, ((b.salt * ($6::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
          AND get_bit(b.filter, ((b.salt * ($6::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
        )
      ) THEN true ELSE false END
    )
  ORDER BY b.start_max DESC
  FETCH FIRST ($7::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
    FROM batch b, unnest(b.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($8::uuid[])
    GROUP BY trace_id
  ) AS traces
  GROUP BY start_min, start_max
),
found AS (
  SELECT spans.trace_id, (extract(epoch FROM max(spans.start_time)) * 1000000)::int8 AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $1::timestamptz AND $3::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $9)
      AND (s.start_time < $3::timestamptz OR s.start_nanos <= $10)
      AND (
        (s.operation_id = ANY ($11::int8[])) IS TRUE
        AND (CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END = ANY ($12::int4[])) IS TRUE
      )
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  (extract(epoch FROM CASE
    WHEN read.blocks >= $7 THEN read.low_water_mark
    WHEN scanned.blocks >= $4 THEN scanned.low_water_mark
  END) * 1000000)::int8 AS low_water_mark,
  read.blocks < $7 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS low_water_mark FROM batch) AS read
CROSS JOIN scanned
LEFT JOIN found ON true;
