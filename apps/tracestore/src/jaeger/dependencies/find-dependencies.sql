-- Returns which service calls which, and how often, by the starts of the called spans. Calls within a service count, as Jaeger
-- counts them; spans whose parent is not stored do not count.
-- :'start_min'  the first start.
-- :'start_max'  the last start.
SELECT c.parent_service_name AS parent, c.service_name AS child, sum(c.calls)::int8 AS calls
FROM ps_trace.operation_call_total(:'start_min'::timestamptz, :'start_max'::timestamptz) c
WHERE c.parent_span_name IS NOT NULL AND c.service_name IS NOT NULL
GROUP BY 1, 2
HAVING sum(c.calls) > 0
ORDER BY 1, 2
