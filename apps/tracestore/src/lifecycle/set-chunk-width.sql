-- Makes sure that a hypertable's next chunks are $2 seconds wide.
SELECT tracestore.set_chunk_width($1, make_interval(secs => $2)) AS changed;
