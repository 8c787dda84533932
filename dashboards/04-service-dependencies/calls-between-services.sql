-- Calls from one service to another, by operation: number of calls and errors, total and average duration. A call is a
-- span whose parent belongs to another service.
\if :{?from} \else \set from 'now-5m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  parent_service_name AS source,
  service_name AS target,
  span_name AS operation,
  sum(calls)::int8 AS calls,
  sum(errors)::int8 AS errors,
  sum(duration_ns_sum) / 1e6 AS total_ms,
  sum(duration_ns_sum) / sum(calls)::float8 / 1e6 AS average_ms
FROM ps_trace.operation_call_total(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
WHERE parent_service_name <> service_name
GROUP BY source, target, operation
HAVING sum(calls) > 0
ORDER BY calls DESC, source, target, operation;
