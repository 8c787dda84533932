-- Names the session in pg_stat_activity until the transaction ends, so that a store that waits for it can say for what.
-- :'application_name'  what the session does.
SELECT set_config('application_name', :'application_name', true);
