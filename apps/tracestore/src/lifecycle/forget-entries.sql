-- Forgets a portion of a dictionary's rows that nobody has written since the cutoff.
SELECT tracestore.forget_entries($1, $2, $3, $4)::int4 AS count;
