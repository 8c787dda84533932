-- Ends a session.
-- :'id_digest'  the digest of the session's id.
DELETE FROM tracestore.console_session WHERE id_digest = :'id_digest'
