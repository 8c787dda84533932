-- An operator of exactly these types is taken before the one of any two enumerations, whatever its schema. In PL/pgSQL,
-- because the body of an SQL function is dear where it cannot be put in place of the call, which IN of a list is.
CREATE OR REPLACE FUNCTION ps_trace.span_kind_eq(ps_trace.span_kind, ps_trace.span_kind) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.=) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.span_kind_eq IS 'Equality of kinds in either spelling';
