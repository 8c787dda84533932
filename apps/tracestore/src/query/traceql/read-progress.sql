-- Returns how far the aggregates of calls go, in ns since 1970: spans that were stored before `counted_ns` count; NULL if none does.
-- Aggregates of ten seconds are kept from `finest_ns` on. `operations` has the ids of all operations, if these are few.
-- :'limit'  how many ids to return.
SELECT
  (extract(epoch FROM s.counted_at) * 1000000)::int8 * 1000 AS counted_ns,
  (extract(epoch FROM now() - tracestore.finest_aggregates_kept() + interval '10 minutes') * 1000000)::int8 * 1000 AS finest_ns,
  ARRAY(SELECT id FROM tracestore.operation LIMIT :'limit'::int8) AS operations,
  EXISTS (SELECT FROM tracestore.operation WHERE service_name = 'unknown_service') AS has_unknown_service
FROM tracestore.call_state s
