-- Begins a session, after it has deleted those that are over and the ones that were used least recently beyond the bound.
-- $1 digest of the session's id; $2 lifetime in ms; $3 greatest time without use in ms; $4 most sessions
WITH over AS (
  DELETE FROM tracestore.console_session
  WHERE expires_at <= now()
    OR last_used_at <= now() - $3::bigint * interval '1 ms'
    OR id_digest IN (SELECT id_digest FROM tracestore.console_session ORDER BY last_used_at DESC OFFSET $4::integer - 1)
)
INSERT INTO tracestore.console_session (id_digest, expires_at)
VALUES ($1, now() + $2::bigint * interval '1 ms')
