-- What TimescaleDB and its toolkit have, for where they are not: in a search_path that ends with ps_trace, theirs come
-- first.
CREATE OR REPLACE FUNCTION tracestore.month_bucket(p_months int4, p_time timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
  '2000-01-01'::timestamp + make_interval(months => p_months * floor(
    ((extract(year FROM p_time AT TIME ZONE 'UTC') - 2000) * 12 + extract(month FROM p_time AT TIME ZONE 'UTC') - 1) / p_months
  )::int4)
) AT TIME ZONE 'UTC';
COMMENT ON FUNCTION tracestore.month_bucket IS 'The start of the months in UTC that a time lies in, counted from 2000';
