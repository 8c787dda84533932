-- How does each service do: how many calls it takes a second from outside of it, what share of them fails, and how long they
-- take on the median and on the 95th and 99th percentile, in milliseconds? Percentiles are at most 4.5 % off.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
WITH entry AS (
  SELECT service_name, class, sum(calls)::int8 AS calls
  FROM (
    -- Errors stand beside the classes, as class -1, so that one pass over the figures is enough.
    SELECT service_name, unnest(duration_class || -1::int2) AS class, unnest(duration_calls || errors::int4) AS calls
    FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
    WHERE parent_service_name IS DISTINCT FROM service_name
  ) AS unnested
  GROUP BY service_name, class
  HAVING sum(calls) > 0
),
total AS (
  SELECT
    service_name,
    (sum(calls) FILTER (WHERE class >= 0))::float8 AS calls,
    coalesce(sum(calls) FILTER (WHERE class = -1), 0)::float8 AS errors
  FROM entry
  GROUP BY service_name
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY service_name ORDER BY class) AS so_far,
    sum(calls) OVER (PARTITION BY service_name) AS of_calls
  FROM entry
  WHERE class >= 0
),
percentile AS (
  SELECT
    service_name,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.50 * of_calls)) AS p50_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.95 * of_calls)) AS p95_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.99 * of_calls)) AS p99_ms
  FROM ranked
  GROUP BY service_name
)
SELECT
  service_name,
  calls / greatest(extract(epoch FROM ps_trace.time_of(:'to') - ps_trace.time_of(:'from')), 1)::float8 AS calls_per_second,
  errors / calls AS error_rate,
  p50_ms, p95_ms, p99_ms
FROM total
JOIN percentile USING (service_name)
ORDER BY calls DESC, service_name;
