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
WITH RECURSIVE figure AS MATERIALIZED (
  SELECT time_bucket, parent_service_name, parent_span_name, service_name, span_name, is_root, calls, self_ns_sum
  FROM ps_trace.operation_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  )
),
edge AS MATERIALIZED (
  SELECT parent_service_name, parent_span_name, service_name, span_name, is_root, sum(calls) AS calls
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
reached AS (
  SELECT service_name, span_name FROM asked
  UNION
  SELECT e.service_name, e.span_name
  FROM reached r
  JOIN edge e ON e.parent_service_name = r.service_name AND e.parent_span_name = r.span_name
),
-- What the reached operations do for each other, and all that the asked ones do.
worked AS MATERIALIZED (
  SELECT time_bucket, service_name || ' ' || span_name AS operation, sum(self_ns_sum) / 1e6 AS self_ms
  FROM figure
  WHERE (service_name, span_name) IN (SELECT service_name, span_name FROM asked)
    OR (parent_service_name, parent_span_name) IN (SELECT service_name, span_name FROM reached)
  GROUP BY time_bucket, service_name, span_name
),
top AS (
  SELECT operation FROM worked GROUP BY operation ORDER BY sum(self_ms) DESC, operation LIMIT 10
)
SELECT
  time_bucket AS time,
  CASE WHEN operation IN (SELECT operation FROM top) THEN operation ELSE 'others' END AS series,
  sum(self_ms) AS self_ms
FROM worked
GROUP BY time, series
ORDER BY time, series;
