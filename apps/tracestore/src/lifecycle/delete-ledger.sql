-- Deletes a batch of old requests from the ledger, and returns how many.
-- :'kept_s'  how long requests are kept, in seconds.
-- :'limit'   how many requests to delete.
SELECT tracestore.forget_requests(:'kept_s', :'limit')::int4 AS count;
