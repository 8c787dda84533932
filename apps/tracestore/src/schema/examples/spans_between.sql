-- How many spans did each service start in a minute, of the two hours before noon?
SELECT date_trunc('minute', start_time) AS minute, service_name, count(*) AS spans
FROM ps_trace.spans_between('2026-11-30 10:00+00', '2026-11-30 12:00+00')
GROUP BY minute, service_name
ORDER BY minute, service_name;
