-- How often was each operation called over the last day, and how often did it fail?
SELECT service_name, span_name, sum(calls) AS calls, sum(errors) AS errors
FROM ps_trace.operation_call(now() - interval '1 day', now(), NULL)
GROUP BY service_name, span_name
ORDER BY calls DESC;
