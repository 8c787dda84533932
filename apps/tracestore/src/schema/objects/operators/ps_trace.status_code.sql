-- PostgreSQL prefers an operator of exactly these types to the operator of any two enumerations, in whatever schema. An
-- operator cannot be replaced, so it is created once. Its function is replaced like any other.
DO $operators$
BEGIN
  IF to_regoperator('ps_trace.=(ps_trace.status_code,ps_trace.status_code)') IS NULL THEN
    CREATE OPERATOR ps_trace.= (
      FUNCTION = ps_trace.status_code_eq, LEFTARG = ps_trace.status_code, RIGHTARG = ps_trace.status_code,
      COMMUTATOR = OPERATOR(ps_trace.=), NEGATOR = OPERATOR(ps_trace.<>), RESTRICT = eqsel, JOIN = eqjoinsel
    );
    CREATE OPERATOR ps_trace.<> (
      FUNCTION = ps_trace.status_code_ne, LEFTARG = ps_trace.status_code, RIGHTARG = ps_trace.status_code,
      COMMUTATOR = OPERATOR(ps_trace.<>), NEGATOR = OPERATOR(ps_trace.=), RESTRICT = neqsel, JOIN = neqjoinsel
    );
  END IF;
END
$operators$;
COMMENT ON OPERATOR ps_trace.= (ps_trace.status_code, ps_trace.status_code) IS 'Equality of status codes in either spelling';
COMMENT ON OPERATOR ps_trace.<> (ps_trace.status_code, ps_trace.status_code) IS 'Inequality of status codes in either spelling';
