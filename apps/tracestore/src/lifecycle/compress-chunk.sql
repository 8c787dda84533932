-- Compresses a chunk, with what came to it since it was compressed; false when it has to wait for the count of calls.
SELECT tracestore.compress_chunk($1) AS compressed;
