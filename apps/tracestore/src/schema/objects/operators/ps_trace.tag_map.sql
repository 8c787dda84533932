-- Promscale's comparisons of tags. Attributes are plain jsonb here, so these are the comparisons of jsonb under other names.
DO $operators$
BEGIN
  IF to_regoperator('ps_trace.%=(jsonb,jsonb)') IS NULL THEN
    CREATE OPERATOR ps_trace.%= (
      FUNCTION = pg_catalog.jsonb_eq, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%=), NEGATOR = OPERATOR(ps_trace.%<>), RESTRICT = eqsel, JOIN = eqjoinsel
    );
    CREATE OPERATOR ps_trace.%<> (
      FUNCTION = pg_catalog.jsonb_ne, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%<>), NEGATOR = OPERATOR(ps_trace.%=), RESTRICT = neqsel, JOIN = neqjoinsel
    );
    CREATE OPERATOR ps_trace.%< (
      FUNCTION = pg_catalog.jsonb_lt, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%>), NEGATOR = OPERATOR(ps_trace.%>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel
    );
    CREATE OPERATOR ps_trace.%<= (
      FUNCTION = pg_catalog.jsonb_le, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%>=), NEGATOR = OPERATOR(ps_trace.%>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel
    );
    CREATE OPERATOR ps_trace.%> (
      FUNCTION = pg_catalog.jsonb_gt, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%<), NEGATOR = OPERATOR(ps_trace.%<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel
    );
    CREATE OPERATOR ps_trace.%>= (
      FUNCTION = pg_catalog.jsonb_ge, LEFTARG = jsonb, RIGHTARG = jsonb,
      COMMUTATOR = OPERATOR(ps_trace.%<=), NEGATOR = OPERATOR(ps_trace.%<), RESTRICT = scalargesel, JOIN = scalargejoinsel
    );
  END IF;
END
$operators$;
COMMENT ON OPERATOR ps_trace.%= (jsonb, jsonb) IS 'Compares two values of tags as = of jsonb does';
COMMENT ON OPERATOR ps_trace.%<> (jsonb, jsonb) IS 'Compares two values of tags as <> of jsonb does';
COMMENT ON OPERATOR ps_trace.%< (jsonb, jsonb) IS 'Compares two values of tags as < of jsonb does';
COMMENT ON OPERATOR ps_trace.%<= (jsonb, jsonb) IS 'Compares two values of tags as <= of jsonb does';
COMMENT ON OPERATOR ps_trace.%> (jsonb, jsonb) IS 'Compares two values of tags as > of jsonb does';
COMMENT ON OPERATOR ps_trace.%>= (jsonb, jsonb) IS 'Compares two values of tags as >= of jsonb does';
