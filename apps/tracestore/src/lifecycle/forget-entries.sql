-- Forgets a batch of the entries of the dictionary $1 that no writer has written for $2 seconds.
SELECT tracestore.forget_entries($1, $2, $3)::int4 AS count;
