CREATE OR REPLACE FUNCTION ps_trace.bucket_ms(_bucket int4) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN _bucket = 0 THEN 0 ELSE power(2, (_bucket - 0.5::float8) / 8) / 1e6 END;
COMMENT ON FUNCTION ps_trace.bucket_ms IS 'The duration in milliseconds that stands for a bucket, at most 4.5 % from any duration in it. Bucket 0 holds durations of 0; bucket c holds durations from 2^((c-1)/8) to below 2^(c/8) ns';
