-- PostgreSQL prefers an operator of exactly these types to the operator of any two enumerations, in whatever schema. An
-- operator cannot be replaced, so it is created once. Its function is replaced like any other.
DO $operators$
BEGIN
  IF to_regoperator('ps_trace.=(ps_trace.span_kind,ps_trace.span_kind)') IS NULL THEN
    CREATE OPERATOR ps_trace.= (
      FUNCTION = ps_trace.span_kind_eq, LEFTARG = ps_trace.span_kind, RIGHTARG = ps_trace.span_kind,
      COMMUTATOR = OPERATOR(ps_trace.=), NEGATOR = OPERATOR(ps_trace.<>), RESTRICT = eqsel, JOIN = eqjoinsel
    );
    CREATE OPERATOR ps_trace.<> (
      FUNCTION = ps_trace.span_kind_ne, LEFTARG = ps_trace.span_kind, RIGHTARG = ps_trace.span_kind,
      COMMUTATOR = OPERATOR(ps_trace.<>), NEGATOR = OPERATOR(ps_trace.=), RESTRICT = neqsel, JOIN = neqjoinsel
    );
  END IF;
END
$operators$;
COMMENT ON OPERATOR ps_trace.= (ps_trace.span_kind, ps_trace.span_kind) IS 'Equality of kinds in either spelling';
COMMENT ON OPERATOR ps_trace.<> (ps_trace.span_kind, ps_trace.span_kind) IS 'Inequality of kinds in either spelling';
