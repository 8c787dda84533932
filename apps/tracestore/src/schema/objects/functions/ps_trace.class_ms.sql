CREATE OR REPLACE FUNCTION ps_trace.class_ms(_class int4) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN _class = 0 THEN 0 ELSE power(2, (_class - 0.5::float8) / 8) / 1e6 END;
COMMENT ON FUNCTION ps_trace.class_ms IS 'The duration in milliseconds that stands for a bucket, at most 4.5 % from any duration in it. Bucket 0 holds durations of 0; bucket c holds durations from 2^((c-1)/8) to below 2^(c/8) ns';
