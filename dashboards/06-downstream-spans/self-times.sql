-- How often do the operations below an operation run, and how long for themselves: in all, on the median, and on the
-- 95th and 99th percentile, in milliseconds? The fifty that take most; percentiles are at most 4.5 % off. Self time is what
-- a span takes while none of its children is at work: children that overlap count once and only inside of their parent, so
-- it is never negative. Without :'service', of the service that takes the most requests; without :'operation', of all its
-- operations. The walk is over operations, not over single traces: figures of an operation are of all calls that its
-- callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH RECURSIVE edge AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root,
    sum(calls) AS calls, sum(self_ns_sum) AS self_ns
  FROM ps_trace.operation_call_total(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  GROUP BY parent_service_name, parent_span_name, service_name, span_name, is_root
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
reached AS (
  SELECT service_name, span_name FROM asked
  UNION
  SELECT e.service_name, e.span_name
  FROM reached r
  JOIN edge e ON e.parent_service_name = r.service_name AND e.parent_span_name = r.span_name
),
-- What the reached operations do for each other, and all that the asked ones do. By number, which is sorted and counted
-- faster than by name.
total AS MATERIALIZED (
  SELECT
    row_number() OVER (ORDER BY sum(self_ns) DESC, service_name, span_name) AS operation,
    service_name, span_name, sum(calls)::int8 AS calls, sum(self_ns) / 1e6 AS self_ms,
    sum(self_ns) / nullif(sum(sum(self_ns)) OVER (), 0) AS self_share
  FROM edge
  WHERE (service_name, span_name) IN (SELECT service_name, span_name FROM asked)
    OR (parent_service_name, parent_span_name) IN (SELECT service_name, span_name FROM reached)
  GROUP BY service_name, span_name
  ORDER BY operation
  LIMIT 50
),
entry AS (
  SELECT operation, class, sum(calls)::int8 AS calls
  FROM (
    SELECT t.operation, unnest(c.self_class) AS class, unnest(c.self_calls) AS calls
    FROM ps_trace.operation_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL) c
    JOIN total t USING (service_name, span_name)
    WHERE (c.service_name, c.span_name) IN (SELECT service_name, span_name FROM asked)
      OR (c.parent_service_name, c.parent_span_name) IN (SELECT service_name, span_name FROM reached)
  ) AS unnested
  GROUP BY operation, class
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY operation ORDER BY class) AS so_far,
    sum(calls) OVER (PARTITION BY operation) AS of_calls
  FROM entry
),
percentile AS MATERIALIZED (
  SELECT
    operation,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.50 * of_calls)) AS p50_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.95 * of_calls)) AS p95_ms,
    ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.99 * of_calls)) AS p99_ms
  FROM ranked
  GROUP BY operation
)
SELECT service_name, span_name, calls, self_ms, self_share, p50_ms, p95_ms, p99_ms
FROM total
JOIN percentile USING (operation)
ORDER BY operation;
