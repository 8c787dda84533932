-- Compresses a chunk, with the rows that came after it was compressed last. Returns false if the chunk must wait for the
-- aggregation.
-- :'chunk'  the chunk, with its schema.
SELECT tracestore.compress_chunk(:'chunk') AS compressed;
