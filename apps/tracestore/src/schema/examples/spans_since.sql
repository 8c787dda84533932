-- Which operations failed most in the last hour?
SELECT service_name, span_name, count(*) AS spans, count(*) FILTER (WHERE status_code = 'error') AS errors
FROM ps_trace.spans_since('1 hour')
GROUP BY service_name, span_name
ORDER BY errors DESC;
