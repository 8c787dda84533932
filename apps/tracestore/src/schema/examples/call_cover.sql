-- Which ranges of aggregates hold the calls of the last day?
SELECT ps_trace.call_cover(now() - interval '1 day', now(), interval '1 hour');
