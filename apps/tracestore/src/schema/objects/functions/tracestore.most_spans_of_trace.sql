CREATE OR REPLACE FUNCTION tracestore.most_spans_of_trace() RETURNS int4
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 100000;
COMMENT ON FUNCTION tracestore.most_spans_of_trace IS 'A trace with more spans near its new spans is oversized: a run does not read all of it again for each new span. New spans of an oversized trace are related only to each other';
