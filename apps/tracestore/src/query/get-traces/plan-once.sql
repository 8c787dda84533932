-- Lets the server keep the plans of prepared statements for the rest of the transaction. To plan these statements takes longer
-- than to run them. The indexes are used in empty partitions, too: they fill up while the plan is kept. The generic plan of a
-- hypertable would open each of its chunks.
SELECT
  set_config('plan_cache_mode', CASE relkind WHEN 'p' THEN 'force_generic_plan' ELSE 'auto' END, true),
  set_config('enable_seqscan', CASE relkind WHEN 'p' THEN 'off' ELSE 'on' END, true)
FROM pg_class
WHERE oid = 'tracestore.span'::regclass
