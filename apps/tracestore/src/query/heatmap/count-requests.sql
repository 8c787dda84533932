-- Returns requests by time and duration, from the aggregates of calls. A request is a root span. The rows with a row number
-- have the requests of a cell. The rows without one have all requests of a column, how many of them failed, and how many
-- spans that match are no roots, so that these requests are not all traces with such spans.
-- :calls       the calls that match, see requests-of.sql.
-- :'first_us'  the start of the first column, in µs since 1970.
-- :'step_us'   the width of a column, in µs.
WITH call AS MATERIALIZED (
  SELECT
    (((extract(epoch FROM time_bucket) * 1000000)::int8 - :'first_us'::int8) / :'step_us'::int8)::int4 AS column_nr,
    is_root, is_inner, calls, errors, duration_bucket, duration_calls
  FROM (
    :calls
  ) AS matching
)
SELECT
  column_nr,
  NULL::int4 AS row_nr,
  coalesce(sum(calls) FILTER (WHERE is_root), 0) AS count,
  coalesce(sum(errors) FILTER (WHERE is_root), 0) AS failed,
  coalesce(sum(calls) FILTER (WHERE NOT is_root AND NOT is_inner), 0) AS others
FROM call
GROUP BY column_nr
UNION ALL
-- Bucket 0 is no time; each row of the heat map has four of the others.
SELECT column_nr, (greatest(bucket - 1, 0) / 4)::int4, sum(class_calls), 0, 0
FROM (
  SELECT column_nr, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS class_calls FROM call WHERE is_root
) AS entry
GROUP BY 1, 2
HAVING sum(class_calls) <> 0
