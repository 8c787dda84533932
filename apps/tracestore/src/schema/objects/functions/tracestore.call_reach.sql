
CREATE OR REPLACE FUNCTION tracestore.call_reach() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 hours';
COMMENT ON FUNCTION tracestore.call_reach IS 'The longest time between the starts of a span and its parent. Beyond it, the parent counts as not stored';
