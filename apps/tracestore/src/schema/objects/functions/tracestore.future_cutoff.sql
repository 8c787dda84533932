CREATE OR REPLACE FUNCTION tracestore.future_cutoff() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT tracestore.database_time() + interval '10 days' $$;
COMMENT ON FUNCTION tracestore.future_cutoff IS 'A sender whose clock shows a later time is wrong. Rows after this time are kept for the retention after their receipt. It lies after all partitions that are created ahead';
