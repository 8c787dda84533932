-- Opens a transaction that holds the lock {{name}} until it ends; fails at once with lock_not_available where another holds
-- it. EXCLUSIVE lets backups read the table, and needs no transaction id.
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = {{silence_ms}};
LOCK TABLE tracestore.{{name}}_lock IN EXCLUSIVE MODE NOWAIT;
