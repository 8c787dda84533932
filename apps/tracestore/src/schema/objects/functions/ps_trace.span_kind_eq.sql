-- In PL/pgSQL: a call that the planner cannot inline, as in IN with a list, is slow in SQL.
CREATE OR REPLACE FUNCTION ps_trace.span_kind_eq(ps_trace.span_kind, ps_trace.span_kind) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.=) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.span_kind_eq IS 'Equality of kinds in either spelling';
