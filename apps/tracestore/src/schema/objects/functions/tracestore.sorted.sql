CREATE OR REPLACE FUNCTION tracestore.sorted(p_values float8[]) RETURNS float8[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(v ORDER BY v) FROM unnest(p_values) v WHERE v IS NOT NULL);
COMMENT ON FUNCTION tracestore.sorted IS 'The values in ascending order, without NULL';
