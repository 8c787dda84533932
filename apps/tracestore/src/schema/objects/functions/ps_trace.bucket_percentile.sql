CREATE OR REPLACE FUNCTION ps_trace.bucket_percentile(_percentile float8, _bucket int2[], _calls int8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT ps_trace.bucket_ms(reached.bucket)
  FROM (
    SELECT entry.bucket, sum(sum(entry.calls)) OVER (ORDER BY entry.bucket) AS so_far, sum(sum(entry.calls)) OVER () AS calls
    FROM unnest(_bucket, _calls) AS entry (bucket, calls)
    GROUP BY entry.bucket
  ) AS reached
  WHERE reached.so_far >= _percentile * reached.calls AND reached.so_far > 0
  ORDER BY reached.bucket
  LIMIT 1
$$;
COMMENT ON FUNCTION ps_trace.bucket_percentile IS 'The duration in milliseconds that this share (0 to 1) of calls does not exceed, from buckets and the calls in each: at most 4.5 % off. NULL without calls';
