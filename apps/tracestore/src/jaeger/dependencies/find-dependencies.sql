-- Which service called which, and how often, among the spans that started from $1 to $2? Calls within a service count, as
-- Jaeger counts them.
SELECT c.parent_service_name AS parent, c.service_name AS child, sum(c.calls)::int8 AS calls
FROM ps_trace.service_call($1::timestamptz, $2::timestamptz, NULL) c
WHERE c.parent_service_name IS NOT NULL AND c.service_name IS NOT NULL
GROUP BY 1, 2
HAVING sum(c.calls) > 0
ORDER BY 1, 2
