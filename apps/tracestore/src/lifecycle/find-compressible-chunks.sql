-- The chunks that end before the cutoff and are not compressed, or not all of them.
SELECT chunk FROM tracestore.compressible_chunks($1) AS chunk;
