-- Waits until no other process migrates this database, and keeps others waiting until the transaction ends.
-- The key is 'spandrel' in ASCII.
SELECT pg_advisory_xact_lock(8318255638512821612);
