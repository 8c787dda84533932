CREATE OR REPLACE FUNCTION ps_trace.time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width) > 0
    AND bucket_width = make_interval(months => (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width))::int4)
    THEN tracestore.month_bucket((extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width))::int4, ts)
  -- The origin is a Monday, so weeks begin on Mondays.
  ELSE date_bin(bucket_width, ts, '2000-01-03 00:00:00+00'::timestamptz)
END;
COMMENT ON FUNCTION ps_trace.time_bucket IS 'The start of the bucket of bucket_width that contains ts, as in TimescaleDB: from Monday, 2000-01-03, in UTC; months and years from 2000-01-01. Replaces TimescaleDB''s function where TimescaleDB is missing';
