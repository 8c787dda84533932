-- Where does the time go below an operation? The self time of each operation, in milliseconds. Self time is what a span
-- takes while none of its children is at work: children that overlap count once and only inside of their parent, so it
-- is never negative. Without :'service', of the service that takes the most requests; without :'operation', of all its
-- operations. The walk is over operations, not over single traces: figures of an operation are of all calls that its
-- callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH RECURSIVE edge AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root,
    sum(calls) AS calls, sum(errors) AS errors, sum(duration_ns_sum) AS duration_ns, sum(self_ns_sum) AS self_ns
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
-- What the reached operations do for each other, and all that the asked ones do.
worked AS (
  SELECT e.service_name, e.span_name, e.calls, e.self_ns
  FROM edge e
  WHERE EXISTS (SELECT FROM asked a WHERE a.service_name = e.service_name AND a.span_name = e.span_name)
    OR EXISTS (
      SELECT FROM reached r WHERE r.service_name = e.parent_service_name AND r.span_name = e.parent_span_name
    )
)
SELECT service_name || ' ' || span_name AS operation, sum(self_ns) / 1e6 AS self_ms
FROM worked
GROUP BY service_name, span_name
HAVING sum(self_ns) > 0
ORDER BY self_ms DESC, operation;
