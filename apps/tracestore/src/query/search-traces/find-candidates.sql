-- Returns the traces of the next blocks by start that may be in the result of a search, by the highest position that they can
-- have. `bound` is this position, in µs: the start of the trace since 1970, or its duration.
--
-- There is at least one row, and every row has the number of blocks, and `low_water_mark`, in µs since 1970: all blocks of the
-- traces that start at this time or later are known. It is NULL if there is no other block.
--
-- :'start_min'      the first start of a trace.
-- :'last_start'     read only blocks with a span that starts at this time or earlier.
-- :'block_limit'    how many blocks to read.
-- :may_match        whether a block `b` may match, see filter/block-condition.ts.
-- :is_counted       which blocks count, see candidate-orders.sql.
-- :bound            the bound of a candidate `c`, see candidate-orders.sql.
-- :'first_start_max'  leave out traces that start later, in µs since 1970.
-- :'least_us'       leave out traces that take less time, in µs.
-- :'below'          leave out traces with this bound or a higher one.
-- :'limit'          how many traces to return; more if several have the last bound.
WITH next_block AS MATERIALIZED (
  SELECT
    (extract(epoch FROM b.start_min) * 1000000)::int8 AS first_us,
    (extract(epoch FROM b.start_max) * 1000000)::int8 AS last_us,
    b.duration_ns_max,
    b.trace_ids,
    :may_match AS may_match
  FROM tracestore.span_block b
  -- No block has spans of more than an hour.
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'last_start'::timestamptz + interval '1 hour'
    AND b.start_min <= :'last_start'::timestamptz
  ORDER BY b.start_max DESC
  FETCH FIRST (:'block_limit'::int8) ROWS WITH TIES
),
read AS (
  SELECT count(*) AS blocks, min(last_us) AS low_water_mark FROM next_block
),
grouped AS (
  SELECT
    t.trace_id,
    bool_or(b.may_match) AS may_match,
    min(b.first_us) AS first_start,
    min(b.last_us) AS last_start,
    -- Durations are in ns, so round up.
    max(b.last_us + greatest(b.duration_ns_max, 0) / 1000 + 2) - min(b.first_us) AS longest
  FROM next_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  WHERE :is_counted
  GROUP BY t.trace_id
),
candidate AS (
  SELECT c.trace_id, :bound AS bound
  FROM grouped c
  CROSS JOIN read
  WHERE c.may_match
    AND c.first_start <= :'first_start_max'::int8
    AND c.longest >= :'least_us'::int8
    -- The others start before the low-water mark.
    AND (read.blocks < :'block_limit' OR c.last_start >= read.low_water_mark)
    AND :bound < :'below'::int8
  ORDER BY bound DESC
  FETCH FIRST (:'limit'::int8) ROWS WITH TIES
)
SELECT
  read.blocks,
  CASE WHEN read.blocks >= :'block_limit' THEN read.low_water_mark END AS low_water_mark,
  candidate.trace_id,
  candidate.bound
FROM read
LEFT JOIN candidate ON true
ORDER BY candidate.bound DESC NULLS LAST
