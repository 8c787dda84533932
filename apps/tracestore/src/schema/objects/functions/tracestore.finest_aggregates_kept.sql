CREATE OR REPLACE FUNCTION tracestore.finest_aggregates_kept() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 days';
COMMENT ON FUNCTION tracestore.finest_aggregates_kept IS 'For so long figures of 10 seconds are there; older ones are of 5 minutes and of an hour';
