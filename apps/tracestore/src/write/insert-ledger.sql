-- Adds requests to the ledger. The transaction fails, and so stores nothing twice, if a request is there already. It also fails in
-- an epoch in which the writer read the dictionaries too long ago: require_epoch is called only to raise that error, because
-- calling it each time would cost more than the comparison. The subquery makes the plan the same for every epoch.
-- :'digests'  the digests of the requests.
-- :'epoch'    the epoch in which the writer read the dictionaries.
INSERT INTO tracestore.ledger (digest)
SELECT unnest(:'digests'::bytea[])
WHERE (
  SELECT CASE WHEN :'epoch'::int8 BETWEEN t.epoch - 1 AND t.epoch THEN true ELSE tracestore.require_epoch(:'epoch') END
  FROM tracestore.lifecycle_time t
)
