-- Counts the rows of the CTE trace by time and duration: (start_time, end_time, is_failed), one row for each trace. The rows with
-- a row number have the traces of a cell, the rows without one all traces of a column and how many of them failed.
-- :'first_start'      the first start of a trace.
-- :'last_start'       the last start of a trace.
-- :'duration_min_ns'  how long a trace takes at least.
-- :'duration_max_ns'  how long a trace takes at most.
-- :'first_us'         the start of the first column, in µs since 1970.
-- :'step_us'          the width of a column, in µs.
-- :'lower_bounds_ns'  the lower bounds of the rows.
SELECT column_nr, row_nr, count(*) AS count, count(*) FILTER (WHERE is_failed) AS failed, 0 AS others
FROM (
  SELECT
    (((extract(epoch FROM start_time) * 1000000)::int8 - :'first_us'::int8) / :'step_us'::int8)::int4 AS column_nr,
    width_bucket(duration_ns, :'lower_bounds_ns'::float8[]) - 1 AS row_nr,
    is_failed
  FROM (
    SELECT start_time, is_failed, greatest(extract(epoch FROM end_time - start_time) * 1000000000, 0)::float8 AS duration_ns
    FROM trace
    WHERE start_time BETWEEN :'first_start'::timestamptz AND :'last_start'::timestamptz
  ) AS timed
  WHERE duration_ns BETWEEN :'duration_min_ns'::float8 AND :'duration_max_ns'::float8
) AS placed
GROUP BY GROUPING SETS ((column_nr, row_nr), (column_nr))
