-- Begins the transaction of the migrations. It waits at most 30 s for another process that migrates. A name without a schema
-- is PostgreSQL's, for any search_path of the role.
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = 0;
SET LOCAL search_path = pg_catalog;
