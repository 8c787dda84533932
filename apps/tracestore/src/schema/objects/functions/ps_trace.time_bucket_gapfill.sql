CREATE OR REPLACE FUNCTION ps_trace.time_bucket_gapfill(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ps_trace.time_bucket(bucket_width, ts);
COMMENT ON FUNCTION ps_trace.time_bucket_gapfill IS 'As time_bucket. A stand-in for where TimescaleDB is not: slots in which nothing happened have no row, which only TimescaleDB can add';
