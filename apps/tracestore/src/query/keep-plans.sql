-- Prepares the rest of a transaction for statements whose plans the server keeps. The indexes are used in empty partitions, too:
-- they fill up while a plan is kept. A hypertable is planned as ever, because a generic plan would open each of its chunks.
-- :'mode'  force_generic_plan where planning takes longer than any plan; auto otherwise.
SELECT
  set_config('plan_cache_mode', CASE relkind WHEN 'p' THEN :'mode' ELSE 'auto' END, true),
  set_config('enable_seqscan', CASE relkind WHEN 'p' THEN 'off' ELSE 'on' END, true)
FROM pg_class
WHERE oid = 'tracestore.span'::regclass
