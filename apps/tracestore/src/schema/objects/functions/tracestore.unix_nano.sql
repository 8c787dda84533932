
CREATE OR REPLACE FUNCTION tracestore.unix_nano(p_time timestamptz, p_nanos int2) RETURNS int8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (extract(epoch FROM p_time) * 1000000)::int8 * 1000 + p_nanos;
COMMENT ON FUNCTION tracestore.unix_nano IS 'Nanoseconds since 1970, exact, of a time and its nanoseconds below the microsecond';
