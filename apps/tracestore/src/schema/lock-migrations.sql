-- Keeps other processes from migrating this database until the transaction ends. Only the owner can lock a table of this
-- schema. Later waits for locks are shorter, because other statements queue behind a migration that waits.
LOCK TABLE tracestore.migration IN SHARE ROW EXCLUSIVE MODE;
SET LOCAL lock_timeout = '5s';
