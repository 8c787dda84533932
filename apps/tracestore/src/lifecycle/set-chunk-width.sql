-- Sets the width of the next chunks of a hypertable, and returns whether it changed.
-- :'table'    the hypertable.
-- :'width_s'  the width in seconds.
SELECT tracestore.set_chunk_width(:'table', make_interval(secs => :'width_s')) AS changed;
