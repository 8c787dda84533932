CREATE OR REPLACE FUNCTION ps_trace.time_bucket_gapfill(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ps_trace.time_bucket(bucket_width, ts);
COMMENT ON FUNCTION ps_trace.time_bucket_gapfill IS 'Same as time_bucket. Replaces TimescaleDB''s function where TimescaleDB is missing; only TimescaleDB adds rows for empty buckets';
