-- Which operations failed, how often, and in what share of their calls, over the last 15 minutes? The worst come first.
SELECT
  service_name,
  span_name,
  count(*) AS calls,
  count(*) FILTER (WHERE status_code = 'error') AS errors,
  round(100.0 * count(*) FILTER (WHERE status_code = 'error') / count(*), 2) AS error_percent
FROM ps_trace.span
WHERE start_time >= now() - interval '15 minutes'
GROUP BY service_name, span_name
HAVING count(*) FILTER (WHERE status_code = 'error') > 0
ORDER BY error_percent DESC, errors DESC, service_name, span_name;
