CREATE OR REPLACE FUNCTION tracestore.future_cutoff() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT tracestore.database_time() + interval '10 days' $$;
COMMENT ON FUNCTION tracestore.future_cutoff IS 'No clock is right that shows a later time: what is from after this time is kept for the retention after its receipt, and not until its time has come. Beyond the partitions that are made ahead';
