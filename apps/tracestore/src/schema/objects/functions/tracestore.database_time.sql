
CREATE OR REPLACE FUNCTION tracestore.database_time() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
COMMENT ON FUNCTION tracestore.database_time IS 'The clock of the lifecycle: every statement that decides by time calls this function, and tests replace it';
