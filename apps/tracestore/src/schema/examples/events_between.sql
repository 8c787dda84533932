-- Which exceptions did the spans of that day record?
SELECT service_name, event_tags ->> 'exception.type' AS exception, count(*) AS times
FROM ps_trace.events_between('2026-11-30 00:00+00', '2026-12-01 00:00+00')
WHERE event_name = 'exception'
GROUP BY service_name, exception
ORDER BY times DESC;
