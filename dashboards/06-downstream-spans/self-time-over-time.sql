-- Where does the time go below an operation, over time? The self time of each operation in each step, in milliseconds;
-- the ten operations that take most, and all others together. Self time is what a span takes while none of its children
-- is at work: children that overlap count once and only inside of their parent, so it is never negative. Without
-- :'service', of the service that takes the most requests; without :'operation', of all its operations. The walk is over
-- operations, not over single traces: figures of an operation are of all calls that its callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH RECURSIVE edge AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root,
    sum(calls) AS calls, sum(errors) AS errors, sum(duration_ns_sum) AS duration_ns, sum(self_ns_sum) AS self_ns
  FROM ps_trace.operation_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
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
figure AS MATERIALIZED (
  SELECT c.time_bucket, c.service_name || ' ' || c.span_name AS operation, sum(c.self_ns_sum) / 1e6 AS self_ms
  FROM ps_trace.operation_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  ) c
  WHERE (
      EXISTS (SELECT FROM asked a WHERE a.service_name = c.service_name AND a.span_name = c.span_name)
      OR EXISTS (SELECT FROM reached r WHERE r.service_name = c.parent_service_name AND r.span_name = c.parent_span_name)
    )
  GROUP BY c.time_bucket, c.service_name, c.span_name
),
top AS (
  SELECT operation FROM figure GROUP BY operation ORDER BY sum(self_ms) DESC, operation LIMIT 10
)
SELECT
  time_bucket AS time,
  CASE WHEN operation IN (SELECT operation FROM top) THEN operation ELSE 'others' END AS series,
  sum(self_ms) AS self_ms
FROM figure
GROUP BY time, series
ORDER BY time, series;
