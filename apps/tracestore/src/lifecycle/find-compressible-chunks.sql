-- Returns the chunks that are not compressed, or not entirely, and are of the age to be.
-- :'table'       the hypertable.
-- :'older_s'     chunks that ended more than this long ago, in seconds.
-- :'younger_s'   and less than this long ago.
SELECT chunk FROM tracestore.compressible_chunks(:'table', :'older_s', :'younger_s') AS chunk;
