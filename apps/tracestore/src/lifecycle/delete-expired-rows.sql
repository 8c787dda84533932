-- Deletes a batch of rows of the part $2 of the table $1 that are, and were received, more than $3 seconds ago.
SELECT tracestore.delete_expired_rows($1, $2::regclass, $3, $4)::int4 AS count;
