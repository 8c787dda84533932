-- Search: {"filter":{"op":"and","filters":[{"op":"eq","reference":{"field":"resource.service"},"value":{"type":"string","value":"cart"}},{"op":"gte","reference":{"field":"span.duration"},"value":{"type":"int","value":"100000000"}}]},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000"}

-- $1 = 'cart'
-- $2 = 1001
SELECT
  ARRAY(SELECT o.id FROM tracestore.operation o WHERE o.service_name = $1::text LIMIT $2::int8) AS "ids_0",
  (SELECT max(duration_ns_max) FROM tracestore.span_block) AS longest_ns,
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
-- $5 = '100000000'
-- $6 = '67108864'
-- $7 = {699909881, 566046585, 432183290, 298319994, 164456699, 30593403, 2044213756, 1910350460}
-- $8 = {1800006100, 1503937872, 1207869643, 911801415, 615733186, 319664958, 23596729, 1875012149}
-- $9 = '134217728'
-- $10 = {1011945967, 1543033188, 2074120410, 457723983, 988811205, 1519898426, 2050985648, 434589221}
-- $11 = {1632653947, 963490652, 294327358, 1772647711, 1103484417, 434321122, 1912641476, 1243478181}
-- $12 = '268435456'
-- $13 = {1201923412, 438605131, 1822770497, 1059452216, 296133934, 1680299301, 916981019, 153662738}
-- $14 = {481001124, 946548498, 1412095871, 1877643245, 195706970, 661254344, 1126801717, 1592349091}
-- $15 = '536870912'
-- $16 = {621211299, 1532976569, 297258190, 1209023460, 2120788729, 885070351, 1796835620, 561117242}
-- $17 = {1228618360, 1905428683, 434755357, 1111565680, 1788376002, 317702677, 994512999, 1671323322}
-- $18 = '1073741824'
-- $19 = {790265960, 1014538341, 1238810723, 1463083104, 1687355486, 1911627867, 2135900249, 212688982}
-- $20 = {423896005, 842399888, 1260903772, 1679407655, 2097911539, 368931774, 787435658, 1205939541}
-- $21 = '2147483648'
-- $22 = 10
-- $23 = {}
-- $24 = 0
-- $25 = 0
-- $26 = {1311768467294899695, -81985529216486896}
-- $27 = '99999 microseconds'
-- $28 = '100000000'
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
      b.duration_ns_max >= $5::int8
      AND CASE WHEN (
        (
          b.duration_ns_max >= $6::int8
          AND (
            (
              get_bit(b.filter, ((b.salt * ($7::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($7::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
            OR (
              get_bit(b.filter, ((b.salt * ($8::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($8::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
          )
        )
        OR (
          b.duration_ns_max >= $9::int8
          AND (
            (
              get_bit(b.filter, ((b.salt * ($10::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($10::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
            OR (
              get_bit(b.filter, ((b.salt * ($11::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($11::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
          )
        )
        OR (
          b.duration_ns_max >= $12::int8
          AND (
            (
              get_bit(b.filter, ((b.salt * ($13::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($13::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
            OR (
              get_bit(b.filter, ((b.salt * ($14::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($14::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
          )
        )
        OR (
          b.duration_ns_max >= $15::int8
          AND (
            (
              get_bit(b.filter, ((b.salt * ($16::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($16::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
            OR (
              get_bit(b.filter, ((b.salt * ($17::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($17::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
          )
        )
        OR (
          b.duration_ns_max >= $18::int8
          AND (
            (
              get_bit(b.filter, ((b.salt * ($19::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($19::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
            OR (
              get_bit(b.filter, ((b.salt * ($20::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
              AND get_bit(b.filter, ((b.salt * ($20::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
            )
          )
        )
        OR b.duration_ns_max >= $21::int8
      ) THEN true ELSE false END
    )
  ORDER BY b.start_max DESC
  FETCH FIRST ($22::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
    FROM batch b, unnest(b.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($23::uuid[])
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
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $24)
      AND (s.start_time < $3::timestamptz OR s.start_nanos <= $25)
      AND (
        (s.operation_id = ANY ($26::int8[])) IS TRUE
        AND ((
          s.end_time - s.start_time >= $27::interval
          AND greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0) >= $28::numeric
        )) IS TRUE
      )
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  (extract(epoch FROM CASE
    WHEN read.blocks >= $22 THEN read.low_water_mark
    WHEN scanned.blocks >= $4 THEN scanned.low_water_mark
  END) * 1000000)::int8 AS low_water_mark,
  read.blocks < $22 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS low_water_mark FROM batch) AS read
CROSS JOIN scanned
LEFT JOIN found ON true;
