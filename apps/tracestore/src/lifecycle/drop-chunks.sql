-- Drops the chunks of a hypertable that hold nothing from after the cutoff.
SELECT chunk FROM tracestore.drop_chunks($1, $2) AS chunk;
