-- The lifecycle's time: which clock decides what is removed, and what no clock may remove.
-- docs/adr/0016-what-retention-may-drop.md gives the reasons.
--
-- Two times decide. The database's clock says how old a span is by its own start. When a span was received is known by
-- the id of the transaction that wrote it: ids are given in the order of receipt, whatever any clock says. receipt_mark
-- notes which id was next at which observed time; observed time advances only as far as stores saw time pass. Nothing is
-- dropped before the retention has passed by both.

CREATE OR REPLACE FUNCTION tracestore.database_time() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
COMMENT ON FUNCTION tracestore.database_time IS 'The one clock of the lifecycle: every statement that decides by time takes it from here';
