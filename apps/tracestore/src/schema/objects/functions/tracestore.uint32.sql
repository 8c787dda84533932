CREATE OR REPLACE FUNCTION tracestore.uint32(p_stored int4) RETURNS int8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(p_stored, 0)::int8 & 4294967295;
COMMENT ON FUNCTION tracestore.uint32 IS 'The unsigned number with these 32 bits';
