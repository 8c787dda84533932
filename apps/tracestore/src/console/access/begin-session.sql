-- Begins a session. Deletes the sessions that are over, and the least recently used ones beyond the limit.
-- :'id_digest'     the digest of the session's id.
-- :'lifetime_ms'   how long the session lasts.
-- :'idle_ms'       how long a session may be unused.
-- :'most_sessions' the limit of sessions.
WITH over AS (
  DELETE FROM tracestore.console_session
  WHERE expires_at <= now()
    OR last_used_at <= now() - :'idle_ms'::bigint * interval '1 ms'
    OR id_digest IN (SELECT id_digest FROM tracestore.console_session ORDER BY last_used_at DESC OFFSET :'most_sessions'::integer - 1)
)
INSERT INTO tracestore.console_session (id_digest, expires_at)
VALUES (:'id_digest', now() + :'lifetime_ms'::bigint * interval '1 ms')
