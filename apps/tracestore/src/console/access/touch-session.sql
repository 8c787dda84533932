-- Returns one row if a session is valid. Its use is noted once a minute, so that a page of many requests writes once.
-- :'id_digest'  the digest of the session's id.
-- :'idle_ms'    how long a session may be unused.
WITH valid AS (
  SELECT id_digest, last_used_at
  FROM tracestore.console_session
  WHERE id_digest = :'id_digest' AND expires_at > now() AND last_used_at > now() - :'idle_ms'::bigint * interval '1 ms'
),
noted AS (
  UPDATE tracestore.console_session s
  SET last_used_at = now()
  FROM valid v
  WHERE s.id_digest = v.id_digest AND v.last_used_at < now() - interval '1 minute'
)
SELECT 1 FROM valid
