-- Returns the traces of the next blocks by start that may be found, by the highest position that they can have. `bound` is this
-- position, in µs: the start of the trace since 1970, or its duration.
--
-- There is at least one row, and every row has `low_water_mark`, in µs since 1970: all blocks of the traces that start at this time
-- or later are known. It is NULL if there is no other block.
-- :'range_start'  leave out traces that end earlier.
-- :'first_start'  read only blocks with a span that starts at this time or later, or that lasts until the range begins.
-- :'last_start'   read only blocks with a span that starts at this time or earlier.
-- :'block_limit'  how many blocks to read.
-- :tests          whether a block `b` may have a span that the query needs, a column for each need.
-- :grouped_tests  the same for a trace, of all its blocks.
-- :is_read        whether a block `b` has one of them at all.
-- :has_all        whether the blocks of a trace have what it needs.
-- :bound          the bound of a candidate `c`, see candidate-orders.sql.
-- :'below'        leave out traces with this bound or a higher one.
-- :'start_max_us' leave out traces that start later, in µs since 1970.
-- :'limit'        how many traces to return; more if several have the last bound.
WITH next_block AS MATERIALIZED (
  SELECT
    (extract(epoch FROM b.start_min) * 1000000)::int8 AS first_us,
    (extract(epoch FROM b.start_max) * 1000000)::int8 AS last_us,
    b.duration_ns_max,
    b.trace_ids,
    :tests
  FROM tracestore.span_block b
  WHERE b.start_max <= :'last_start'::timestamptz + interval '1 hour'
    AND b.start_min <= :'last_start'::timestamptz
    AND (
      b.start_max >= :'first_start'::timestamptz
      OR b.start_max + b.duration_ns_max / 1000 * interval '1 microsecond' >= :'range_start'::timestamptz
    )
  ORDER BY b.start_max DESC
  FETCH FIRST (:'block_limit'::int8) ROWS WITH TIES
),
read AS (
  SELECT count(*) AS blocks, min(last_us) AS low_water_mark FROM next_block
),
grouped AS (
  SELECT
    t.trace_id,
    :grouped_tests,
    min(b.first_us) AS first_start,
    min(b.last_us) AS last_start,
    -- Durations are in ns, so round up.
    max(b.last_us + greatest(b.duration_ns_max, 0) / 1000 + 2) - min(b.first_us) AS longest
  FROM next_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  WHERE :is_read
  GROUP BY t.trace_id
),
candidate AS (
  SELECT c.trace_id, :bound AS bound
  FROM grouped c
  WHERE :has_all
    AND c.first_start <= :'start_max_us'::int8
    AND :bound < :'below'::int8
  ORDER BY bound DESC
  FETCH FIRST (:'limit'::int8) ROWS WITH TIES
)
SELECT
  CASE WHEN read.blocks >= :'block_limit'::int8 THEN read.low_water_mark END AS low_water_mark,
  candidate.trace_id,
  candidate.bound
FROM read
LEFT JOIN candidate ON true
ORDER BY candidate.bound DESC NULLS LAST
