-- How often do the operations below an operation run, and how long for themselves: in all, on the median, and on the
-- 95th and 99th percentile, in milliseconds? Percentiles are at most 4.5 % off. Self time is what a span takes while
-- none of its children is at work: children that overlap count once and only inside of their parent, so it is never
-- negative. Without :'service', of the service that takes the most requests; without :'operation', of all its
-- operations. The walk is over operations, not over single traces: figures of an operation are of all calls that its
-- callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH RECURSIVE figure AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root, calls, self_ns_sum, self_class, self_calls
  FROM ps_trace.operation_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
),
edge AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root,
    sum(calls) AS calls, sum(self_ns_sum) AS self_ns
  FROM figure
  GROUP BY parent_service_name, parent_span_name, service_name, span_name, is_root
  HAVING sum(calls) > 0
),
asked AS (
  SELECT DISTINCT service_name, span_name
  FROM edge
  WHERE (:'operation' = '' OR span_name = :'operation')
    AND service_name = coalesce(
      nullif(:'service', ''),
      (SELECT service_name FROM edge WHERE is_root GROUP BY service_name ORDER BY sum(calls) DESC, service_name LIMIT 1)
    )
),
walk AS (
  SELECT service_name, span_name, 0 AS distance FROM asked
  UNION
  SELECT e.service_name, e.span_name, w.distance + 1
  FROM walk w
  JOIN edge e ON e.parent_service_name = w.service_name AND e.parent_span_name = w.span_name
  WHERE w.distance < 30
),
reached AS (
  SELECT service_name, span_name, min(distance) AS distance FROM walk GROUP BY service_name, span_name
),
entry AS (
  SELECT service_name, span_name, class, sum(calls)::int8 AS calls
  FROM (
    SELECT c.service_name, c.span_name, unnest(c.self_class) AS class, unnest(c.self_calls) AS calls
    FROM figure c
    WHERE (
      EXISTS (SELECT FROM asked a WHERE a.service_name = c.service_name AND a.span_name = c.span_name)
      OR EXISTS (SELECT FROM reached r WHERE r.service_name = c.parent_service_name AND r.span_name = c.parent_span_name)
    )
  ) AS unnested
  GROUP BY service_name, span_name, class
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY service_name, span_name ORDER BY class) AS so_far,
    sum(calls) OVER (PARTITION BY service_name, span_name) AS of_calls
  FROM entry
),
percentile AS (
  SELECT
    service_name, span_name,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.50 * of_calls)) AS p50_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.95 * of_calls)) AS p95_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.99 * of_calls)) AS p99_ms
  FROM ranked
  GROUP BY service_name, span_name
),
total AS (
  SELECT e.service_name, e.span_name, sum(e.calls)::int8 AS calls, sum(e.self_ns) / 1e6 AS self_ms
  FROM edge e
  WHERE EXISTS (SELECT FROM asked a WHERE a.service_name = e.service_name AND a.span_name = e.span_name)
    OR EXISTS (
      SELECT FROM reached r WHERE r.service_name = e.parent_service_name AND r.span_name = e.parent_span_name
    )
  GROUP BY e.service_name, e.span_name
)
SELECT
  service_name, span_name, calls, self_ms,
  self_ms / nullif(sum(self_ms) OVER (), 0) AS self_share,
  p50_ms, p95_ms, p99_ms
FROM total
JOIN percentile USING (service_name, span_name)
ORDER BY self_ms DESC, service_name, span_name;
