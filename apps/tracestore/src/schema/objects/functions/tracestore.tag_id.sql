CREATE OR REPLACE FUNCTION tracestore.tag_id(p_key text, p_value jsonb) RETURNS int8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(p_value::text, hashtextextended(p_key, 0));
COMMENT ON FUNCTION tracestore.tag_id IS 'An id from a hash of key and value, because there is no table of tags';
