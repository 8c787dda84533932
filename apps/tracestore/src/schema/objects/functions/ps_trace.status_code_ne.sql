CREATE OR REPLACE FUNCTION ps_trace.status_code_ne(ps_trace.status_code, ps_trace.status_code) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.<>) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.status_code_ne IS 'Inequality of status codes in either spelling';
