CREATE OR REPLACE FUNCTION tracestore.timestamp_of(p_unix_nano int8) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '1970-01-01 00:00:00+00'::timestamptz + (p_unix_nano / 1000) * interval '1 microsecond';
COMMENT ON FUNCTION tracestore.timestamp_of IS 'The time of nanoseconds since 1970, rounded to the microsecond towards 1970';
