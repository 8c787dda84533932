-- Rebuilds an index while others read and write its table.
-- :"index"  the index.
REINDEX INDEX CONCURRENTLY tracestore.:"index"
