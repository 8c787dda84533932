CREATE OR REPLACE AGGREGATE ps_trace.percentile_agg(float8) (
  SFUNC = array_append, STYPE = float8[], COMBINEFUNC = array_cat, FINALFUNC = tracestore.sorted, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ps_trace.percentile_agg(float8) IS 'All that approx_percentile needs to know of a group''s values: here these themselves, sorted, without NULL; 8 bytes each, so at most 130 million. A stand-in for where TimescaleDB''s toolkit is not';
