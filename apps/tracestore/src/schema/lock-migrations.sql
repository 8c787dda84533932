-- Keeps other processes from migrating this database until the transaction ends, and waits for one that does. Nobody but the
-- owner may lock a table of this schema. Later waits are shorter: behind a migration that waits for a table, everybody waits.
LOCK TABLE tracestore.migration IN SHARE ROW EXCLUSIVE MODE;
SET LOCAL lock_timeout = '5s';
