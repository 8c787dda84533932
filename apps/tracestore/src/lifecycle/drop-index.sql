-- Drops an index.
-- :"index"  the index.
DROP INDEX tracestore.:"index"
