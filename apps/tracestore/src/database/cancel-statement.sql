-- Cancels the statement that a server process runs.
-- :'pid'  the id of the process.
SELECT pg_cancel_backend(:'pid')
