-- Waits until no other process migrates this database, and keeps others waiting until the transaction ends.
-- The key is 'spandrel' in ASCII.
SELECT pg_advisory_xact_lock(8318255638512821612);
-- Whatever the role's own search_path: what migrations name without a schema is PostgreSQL's.
SET LOCAL search_path = pg_catalog;
