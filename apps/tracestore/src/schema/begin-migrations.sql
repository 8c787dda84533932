-- Begins the transaction of the migrations. It waits 30 s at most for another process that migrates. Whatever the role's own
-- search_path: what migrations name without a schema is PostgreSQL's.
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = 0;
SET LOCAL search_path = pg_catalog;
