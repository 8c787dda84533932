-- Ends a session.
-- $1 digest of its id
DELETE FROM tracestore.console_session WHERE id_digest = $1
