-- Forgets a batch of the requests that came more than $1 seconds ago.
SELECT tracestore.forget_requests($1, $2)::int4 AS count;
