-- Search: {"filter":{"op":"eq","reference":{"attribute":"user.id","levels":["span","resource","scope","event","link"]},"value":{"type":"string","value":"ann"}},"limit":20,"startTimeMinUnixNano":"1699996400000000000","startTimeMaxUnixNano":"1700000000000000000"}

-- $1 = 'user.id'
-- $2 = '"ann"'
-- $3 = 1001
-- $4 = 'user.id'
-- $5 = '"ann"'
-- $6 = 1001
SELECT
  ARRAY(SELECT r.id FROM tracestore.resource r WHERE ((r.attributes -> $1::text)::text = ($2::jsonb)::text) IS TRUE LIMIT $3::int8) AS "ids_0",
  ARRAY(SELECT c.id FROM tracestore.scope c WHERE ((c.attributes -> $4::text)::text = ($5::jsonb)::text) IS TRUE LIMIT $6::int8) AS "ids_1",
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
-- $5 = 10
-- $6 = {}
-- $7 = 0
-- $8 = 0
-- $9 = 'user.id'
-- $10 = '"ann"'
-- $11 = 'user.id'
-- $12 = '"ann"'
-- $13 = 'user.id'
-- $14 = '"ann"'
-- $15 = 'user.id'
-- $16 = '"ann"'
-- $17 = 'user.id'
-- $18 = '"ann"'
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
    AND true
  ORDER BY b.start_max DESC
  FETCH FIRST ($5::int8) ROWS WITH TIES
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
found AS (
  SELECT spans.trace_id, (extract(epoch FROM max(spans.start_time)) * 1000000)::int8 AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $1::timestamptz AND $3::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $7)
      AND (s.start_time < $3::timestamptz OR s.start_nanos <= $8)
      AND (
        ((s.attributes -> $9::text)::text = ($10::jsonb)::text) IS TRUE
        OR (s.resource_id IN (SELECT r.id FROM tracestore.resource r WHERE ((r.attributes -> $11::text)::text = ($12::jsonb)::text) IS TRUE)) IS TRUE
        OR (s.scope_id IN (SELECT c.id FROM tracestore.scope c WHERE ((c.attributes -> $13::text)::text = ($14::jsonb)::text) IS TRUE)) IS TRUE
        OR (s.trace_id, s.span_id, s.instance, s.start_time) IN (
          SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
          FROM unnest(w.trace_ids) AS known (trace_id)
          CROSS JOIN LATERAL (
            SELECT e.trace_id, e.span_id, e.span_instance, e.span_start_time
            FROM tracestore.event e
            WHERE e.trace_id = known.trace_id AND e.span_start_time BETWEEN w.start_min AND w.start_max
              AND e.span_start_time BETWEEN $1::timestamptz AND $3::timestamptz
              AND ((e.attributes -> $15::text)::text = ($16::jsonb)::text) IS TRUE
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
              AND k.span_start_time BETWEEN $1::timestamptz AND $3::timestamptz
              AND ((k.attributes -> $17::text)::text = ($18::jsonb)::text) IS TRUE
            OFFSET 0
          ) AS found
        )
      )
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  (extract(epoch FROM CASE
    WHEN read.blocks >= $5 THEN read.low_water_mark
    WHEN scanned.blocks >= $4 THEN scanned.low_water_mark
  END) * 1000000)::int8 AS low_water_mark,
  read.blocks < $5 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS low_water_mark FROM batch) AS read
CROSS JOIN scanned
LEFT JOIN found ON true;
