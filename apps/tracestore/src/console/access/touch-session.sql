-- One row if the session is valid. Its use is noted once a minute, so that a page of many requests writes once.
-- $1 digest of the session's id; $2 greatest time without use in ms
WITH valid AS (
  SELECT id_digest, last_used_at
  FROM tracestore.console_session
  WHERE id_digest = $1 AND expires_at > now() AND last_used_at > now() - $2::bigint * interval '1 ms'
),
noted AS (
  UPDATE tracestore.console_session s
  SET last_used_at = now()
  FROM valid v
  WHERE s.id_digest = v.id_digest AND v.last_used_at < now() - interval '1 minute'
)
SELECT 1 FROM valid
