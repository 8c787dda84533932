-- Begins a transaction that holds a lock until it ends. Fails at once with lock_not_available if another session holds the lock.
-- EXCLUSIVE lets backups read the table, and needs no transaction id.
-- :"lock"        the table that is the lock.
-- :'silence_ms'  the server ends the transaction after this long without a statement, in ms.
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = :'silence_ms';
LOCK TABLE tracestore.:"lock" IN EXCLUSIVE MODE NOWAIT;
