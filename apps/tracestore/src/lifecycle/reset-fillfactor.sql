-- Takes back fill-pages.sql.
-- :"index"  the index.
ALTER INDEX tracestore.:"index" RESET (fillfactor)
