-- Enables the compression of a hypertable, and returns whether it changed anything.
-- :'table'  the hypertable.
SELECT tracestore.enable_compression(:'table') AS changed;
