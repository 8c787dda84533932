-- Ends a run.
-- :'is_last'  whether no new spans are left to count.
SELECT tracestore.end_call_pass(:'is_last', now());
