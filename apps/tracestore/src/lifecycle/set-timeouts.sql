-- Sets the time-outs of the next statements of the session, in ms.
-- :'lock_timeout_ms'       of a wait for a lock.
-- :'statement_timeout_ms'  of a statement.
SELECT set_config('lock_timeout', :'lock_timeout_ms', false), set_config('statement_timeout', :'statement_timeout_ms', false);
