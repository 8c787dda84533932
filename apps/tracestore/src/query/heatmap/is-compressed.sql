-- Returns whether some events of a range are in compressed chunks.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
SELECT EXISTS (
  SELECT FROM tracestore.time_part('event') p
  WHERE p.is_compressed AND p.time_range && tstzrange(:'start_min'::timestamptz, :'start_max'::timestamptz, '[]')
) AS is_compressed
