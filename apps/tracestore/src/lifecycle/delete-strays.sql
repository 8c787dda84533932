-- Deletes a portion of the default partition's rows from before the cutoff.
SELECT tracestore.delete_strays($1, $2, $3)::int4 AS count;
