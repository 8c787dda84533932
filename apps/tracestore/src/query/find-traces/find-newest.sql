-- Returns the traces that match a search in the next blocks by start, newest first. `position` is the start of the newest
-- span of the trace in these blocks that matches, in µs since 1970.
--
-- There is at least one row, and every row says how far the search got. No span of another block started at
-- `low_water_mark` or later; it is NULL if there is no other block. `is_rare`: there were fewer blocks than wanted.
--
-- :'start_min'   the first start of a span.
-- :'start_max'   the last start of a span.
-- :'before'      read only blocks whose last span started before this time.
-- :'batch_size'  how many blocks to read that may match.
-- :'scan_size'   how many blocks to scan for these; 0 for all.
-- :scan_end      how far that is, see scan-ends.sql.
-- :may_match     whether a block `b` may match, see filter/block-condition.ts.
-- :traces        see traces-of-batch.sql.
-- :spans         see spans-of-lookup.sql.
WITH scanned AS MATERIALIZED (
  SELECT count(*) AS blocks, min(start_max) AS low_water_mark
  FROM (
    SELECT b.start_max
    FROM tracestore.span_block b
    WHERE b.start_max >= :'start_min'::timestamptz AND b.start_max < :'before'::timestamptz
      AND b.start_min <= :'start_max'::timestamptz
    ORDER BY b.start_max DESC
    FETCH FIRST (:'scan_size'::int8) ROWS WITH TIES
  ) AS next_blocks
),
batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids
  FROM tracestore.span_block b
  WHERE b.start_max >= :scan_end AND b.start_max < :'before'::timestamptz
    AND b.start_min <= :'start_max'::timestamptz
    AND :may_match
  ORDER BY b.start_max DESC
  FETCH FIRST (:'batch_size'::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  :traces
),
found AS (
  SELECT spans.trace_id, (extract(epoch FROM max(spans.start_time)) * 1000000)::int8 AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    :spans
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  (extract(epoch FROM CASE
    WHEN read.blocks >= :'batch_size' THEN read.low_water_mark
    WHEN scanned.blocks >= :'scan_size' THEN scanned.low_water_mark
  END) * 1000000)::int8 AS low_water_mark,
  read.blocks < :'batch_size' AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS low_water_mark FROM batch) AS read
CROSS JOIN scanned
LEFT JOIN found ON true
