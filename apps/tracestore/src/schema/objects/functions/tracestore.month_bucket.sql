CREATE OR REPLACE FUNCTION tracestore.month_bucket(p_months int4, p_time timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
  '2000-01-01'::timestamp + make_interval(months => p_months * floor(
    ((extract(year FROM p_time AT TIME ZONE 'UTC') - 2000) * 12 + extract(month FROM p_time AT TIME ZONE 'UTC') - 1) / p_months
  )::int4)
) AT TIME ZONE 'UTC';
COMMENT ON FUNCTION tracestore.month_bucket IS 'The start of the bucket of p_months months that contains a time, in UTC, counted from 2000';
