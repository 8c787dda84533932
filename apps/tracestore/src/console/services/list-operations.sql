-- Returns the operations of a service that spend the most self time in a range: calls, errors, percentiles of their durations
-- in milliseconds (buckets: at most 4.5 % off), self time, and how many operations there are. Reads the aggregates.
-- :'service'    the service.
-- :'start_min'  the start of the range.
-- :'start_max'  the end of the range.
-- :'limit'      how many operations to return.
WITH aggregate AS MATERIALIZED (
  SELECT span_name, span_kind::text AS span_kind, calls, errors, self_ns_sum, duration_bucket, duration_calls
  FROM ps_trace.operation_call(:'start_min'::timestamptz, :'start_max'::timestamptz, NULL)
  WHERE service_name = :'service'
),
total AS MATERIALIZED (
  SELECT
    span_name,
    span_kind,
    sum(calls)::float8 AS calls,
    sum(errors)::float8 AS errors,
    sum(self_ns_sum) AS self_ns,
    sum(sum(self_ns_sum)) OVER () AS self_ns_of_all,
    (count(*) OVER ())::int4 AS operation_count
  FROM aggregate
  GROUP BY span_name, span_kind
  HAVING sum(calls) > 0
  ORDER BY self_ns DESC, span_name, span_kind
  LIMIT :'limit'
),
entry AS (
  SELECT unnested.span_name, unnested.span_kind, unnested.bucket, sum(unnested.calls)::float8 AS calls
  FROM (
    SELECT a.span_name, a.span_kind, unnest(a.duration_bucket) AS bucket, unnest(a.duration_calls) AS calls
    FROM aggregate a
    JOIN total t ON t.span_name = a.span_name AND t.span_kind = a.span_kind
  ) AS unnested
  GROUP BY unnested.span_name, unnested.span_kind, unnested.bucket
  HAVING sum(unnested.calls) > 0
),
ranked AS (
  SELECT
    span_name,
    span_kind,
    bucket,
    sum(calls) OVER (PARTITION BY span_name, span_kind ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY span_name, span_kind) AS all_calls
  FROM entry
),
percentile AS (
  SELECT
    span_name,
    span_kind,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.50 * all_calls)) AS p50_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.99 * all_calls)) AS p99_ms
  FROM ranked
  GROUP BY span_name, span_kind
)
SELECT
  t.span_name, t.span_kind, t.calls, t.errors, p.p50_ms, p.p95_ms, p.p99_ms,
  t.self_ns / 1e6 AS self_ms,
  coalesce(t.self_ns / nullif(t.self_ns_of_all, 0), 0) AS self_share,
  t.operation_count
FROM total t
JOIN percentile p USING (span_name, span_kind)
ORDER BY t.self_ns DESC, t.span_name, t.span_kind
