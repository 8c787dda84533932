-- Notes requests as stored. One that is noted already fails the transaction, which then stores nothing twice; so does an epoch
-- $2 in which the writer learned of the dictionaries' entries too long ago to rely on them. The function is called only to
-- say so: a call would cost each transaction more than the comparison. In a subquery, so that the plan is the same for any $2.
INSERT INTO tracestore.ledger (digest)
SELECT unnest($1::bytea[])
WHERE (
  SELECT CASE WHEN $2::int8 BETWEEN t.epoch - 1 AND t.epoch THEN true ELSE tracestore.require_epoch($2) END
  FROM tracestore.lifecycle_time t
)
