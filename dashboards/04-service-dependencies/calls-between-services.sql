-- Which service calls which, by what operation, how often, and how long do the calls take, over the last 15 minutes?
-- A call is a span whose parent belongs to another service. The parent may have begun up to an hour earlier.
SELECT
  parent.service_name AS source,
  child.service_name AS target,
  child.span_name AS operation,
  count(*) AS calls,
  count(*) FILTER (WHERE child.status_code = 'error') AS errors,
  round(sum(child.duration_ms)::numeric, 3) AS total_ms,
  round(avg(child.duration_ms)::numeric, 3) AS average_ms
FROM ps_trace.span child
JOIN ps_trace.span parent
  ON parent.trace_id = child.trace_id
  AND parent.span_id = child.parent_span_id
  AND parent.service_name <> child.service_name
WHERE child.start_time >= now() - interval '15 minutes'
  AND parent.start_time >= now() - interval '75 minutes'
GROUP BY source, target, operation
ORDER BY calls DESC, source, target, operation;
