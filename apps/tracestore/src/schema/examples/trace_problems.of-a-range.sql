-- Which services have which problems in a hundred traces of the last day?
SELECT p.kind, service, count(*) AS traces
FROM (SELECT trace_id FROM ps_trace.traces(now() - interval '1 day', now()) LIMIT 100) AS t
CROSS JOIN LATERAL ps_trace.trace_problems(t.trace_id) AS p
CROSS JOIN unnest(p.services) AS service
GROUP BY p.kind, service
ORDER BY traces DESC;
