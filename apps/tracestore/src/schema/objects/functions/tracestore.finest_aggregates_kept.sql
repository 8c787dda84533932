CREATE OR REPLACE FUNCTION tracestore.finest_aggregates_kept() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 days';
COMMENT ON FUNCTION tracestore.finest_aggregates_kept IS 'How long aggregates of 10 seconds are kept. Older aggregates have 5 minutes or an hour';
