-- Returns the traces that match a search in the next blocks by duration, slowest first. `position` is the duration of the
-- slowest span of the trace in these blocks that matches, in ns.
--
-- There is at least one row, and every row says how far the search got. No span of another block took `low_water_mark` or
-- longer; it is NULL if there is no other block. `is_rare`: there were fewer blocks than wanted.
--
-- :'start_min'    the first start of a span.
-- :'start_max'    the last start of a span.
-- :'longest_ns'   read only blocks whose longest span took at most this long.
-- :'batch_size'   how many blocks to read.
-- :may_match      whether a block `b` may match, see filter/block-condition.ts.
-- :duration       how long the span `s` took, in ns.
-- :traces         see traces-of-batch.sql.
-- :spans          see spans-of-lookup.sql.
WITH batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids, b.duration_ns_max
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
    AND b.duration_ns_max <= :'longest_ns'::int8
    AND :may_match
  ORDER BY b.duration_ns_max DESC
  FETCH FIRST (:'batch_size'::int8) ROWS WITH TIES
),
lookup AS MATERIALIZED (
  :traces
),
found AS (
  SELECT spans.trace_id, max(spans.duration_ns) AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, :duration AS duration_ns
    :spans
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  CASE WHEN read.blocks >= :'batch_size' THEN read.low_water_mark END AS low_water_mark,
  read.blocks < :'batch_size' AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(duration_ns_max) AS low_water_mark FROM batch) AS read
LEFT JOIN found ON true
