-- For what this connection does next, in milliseconds: how long it waits for a lock, and for a statement.
SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false);
