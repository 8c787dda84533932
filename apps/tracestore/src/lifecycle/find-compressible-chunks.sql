-- The chunks of the table $1 that ended more than $2 and less than $3 seconds ago and are not compressed, or not all of them.
SELECT chunk FROM tracestore.compressible_chunks($1, $2, $3) AS chunk;
