-- Search: {"filter":{"op":"some","level":"event","filter":{"op":"and","filters":[{"op":"eq","reference":{"field":"event.name"},"value":{"type":"string","value":"exception"}},{"op":"eq","reference":{"attribute":"exception.type","levels":["event"]},"value":{"type":"string","value":"Error"}}]}},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000"}

-- $1 = '2023-11-14T21:13:20.000000Z'
-- $2 = '2023-11-14T23:13:20.000001Z'
-- $3 = '2023-11-14T22:13:20.000000Z'
-- $4 = 500
-- $5 = {1903743573, 789398413, 1822536900, 708191740, 1741330227, 626985067, 1660123554, 545778394}
-- $6 = 10
-- $7 = {}
-- $8 = 0
-- $9 = 0
-- $10 = 'exception'
-- $11 = 'exception.type'
-- $12 = '"Error"'
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
    AND CASE WHEN (
      get_bit(b.filter, ((b.salt * ($5::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
      AND get_bit(b.filter, ((b.salt * ($5::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
    ) THEN true ELSE false END
  ORDER BY b.start_max DESC
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
  SELECT spans.trace_id, (extract(epoch FROM max(spans.start_time)) * 1000000)::int8 AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $1::timestamptz AND $3::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $8)
      AND (s.start_time < $3::timestamptz OR s.start_nanos <= $9)
      AND (s.trace_id, s.span_id, s.instance, s.start_time) IN (
        SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
        FROM unnest(w.trace_ids) AS known (trace_id)
        CROSS JOIN LATERAL (
          SELECT e.trace_id, e.span_id, e.span_instance, e.span_start_time
          FROM tracestore.event e
          WHERE e.trace_id = known.trace_id AND e.span_start_time BETWEEN w.start_min AND w.start_max
            AND e.span_start_time BETWEEN $1::timestamptz AND $3::timestamptz
            AND ((e.name = $10::text) IS TRUE AND ((e.attributes -> $11::text)::text = ($12::jsonb)::text) IS TRUE)
          OFFSET 0
        ) AS found
      )
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  (extract(epoch FROM CASE
    WHEN read.blocks >= $6 THEN read.low_water_mark
    WHEN scanned.blocks >= $4 THEN scanned.low_water_mark
  END) * 1000000)::int8 AS low_water_mark,
  read.blocks < $6 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS low_water_mark FROM batch) AS read
CROSS JOIN scanned
LEFT JOIN found ON true;
