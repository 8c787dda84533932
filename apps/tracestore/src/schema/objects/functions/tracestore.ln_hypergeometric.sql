CREATE OR REPLACE FUNCTION tracestore.ln_hypergeometric(p_ln_factorial float8[], p_found int4, p_with int4, p_inside int4, p_outside int4)
RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
  p_ln_factorial[p_inside + 1] - p_ln_factorial[p_found + 1] - p_ln_factorial[p_inside - p_found + 1]
  + p_ln_factorial[p_outside + 1] - p_ln_factorial[p_with - p_found + 1] - p_ln_factorial[p_outside - p_with + p_found + 1]
  - p_ln_factorial[p_inside + p_outside + 1] + p_ln_factorial[p_with + 1] + p_ln_factorial[p_inside + p_outside - p_with + 1];
COMMENT ON FUNCTION tracestore.ln_hypergeometric IS 'The logarithm of the probability that p_found of the p_with traces with a value are among the p_inside traces of a selection, by chance, with p_outside other traces. p_ln_factorial[n + 1] is the logarithm of n!';
