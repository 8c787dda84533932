CREATE OR REPLACE FUNCTION ps_trace.span_kind_ne(ps_trace.span_kind, ps_trace.span_kind) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.<>) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.span_kind_ne IS 'Inequality of kinds in either spelling';
