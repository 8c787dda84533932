-- Forgets a portion of the requests that came before $1.
WITH forgotten AS (
  DELETE FROM tracestore.ledger
  WHERE ctid = ANY (ARRAY(SELECT ctid FROM tracestore.ledger WHERE received_at < $1 LIMIT $2))
  RETURNING 1
)
SELECT count(*)::int4 AS count FROM forgotten;
