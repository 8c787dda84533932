-- Which events do the spans of the last hour have?
SELECT service_name, event_name, count(*) AS events
FROM ps_trace.events_since('1 hour')
GROUP BY service_name, event_name
ORDER BY events DESC;
