-- Compresses a chunk, with what came to it since it was compressed.
SELECT tracestore.compress_chunk($1);
