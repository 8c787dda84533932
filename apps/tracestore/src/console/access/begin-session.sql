-- Begins a session, after it has deleted those that are over and the ones that were used least recently beyond the bound.
-- $1 digest of the session's id; $2 key of the token; $3 lifetime in ms; $4 greatest time without use in ms; $5 most sessions
WITH over AS (
  DELETE FROM tracestore.console_session
  WHERE expires_at <= now()
    OR last_used_at <= now() - $4::bigint * interval '1 ms'
    OR id_digest IN (SELECT id_digest FROM tracestore.console_session ORDER BY last_used_at DESC OFFSET $5::integer - 1)
)
INSERT INTO tracestore.console_session (id_digest, token_key, expires_at)
VALUES ($1, $2, now() + $3::bigint * interval '1 ms')
