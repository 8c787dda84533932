-- Makes sure that a hypertable's chunks can be compressed.
SELECT tracestore.enable_compression($1) AS changed;
