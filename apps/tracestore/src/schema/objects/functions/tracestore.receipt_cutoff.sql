CREATE OR REPLACE FUNCTION tracestore.receipt_cutoff(p_kept_s float8) RETURNS int8
LANGUAGE sql STABLE AS $$
  SELECT max(m.next_id)
  FROM tracestore.receipt_mark m
  WHERE m.observed_s <= (SELECT t.observed_s FROM tracestore.lifecycle_time t) - p_kept_s
    AND m.xmin::text = (m.transaction_id & 4294967295)::text
$$;
COMMENT ON FUNCTION tracestore.receipt_cutoff IS 'What transactions with smaller ids wrote was received more than p_kept_s seconds of observed time ago; NULL if that is known of none';
