-- Lets the next build of an index fill its pages.
-- :"index"  the index.
ALTER INDEX tracestore.:"index" SET (fillfactor = 100)
