CREATE OR REPLACE AGGREGATE ps_trace.percentile_agg(float8) (
  SFUNC = array_append, STYPE = float8[], COMBINEFUNC = array_cat, FINALFUNC = tracestore.sorted, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ps_trace.percentile_agg(float8) IS 'Collects the values for approx_percentile: an array of them, sorted, without NULL. A value takes 8 bytes, so a group has at most 130 million. Replaces the aggregate of TimescaleDB''s toolkit where the toolkit is missing';
