CREATE OR REPLACE FUNCTION tracestore.receipt_cutoff(p_kept_s float8) RETURNS int8
LANGUAGE sql STABLE AS $$
  SELECT max(m.next_id)
  FROM tracestore.receipt_mark m
  WHERE m.observed_s <= (SELECT t.observed_s FROM tracestore.lifecycle_time t) - p_kept_s
    AND m.xmin::text = (m.transaction_id & 4294967295)::text
$$;
COMMENT ON FUNCTION tracestore.receipt_cutoff IS 'Rows of transactions with smaller ids were received more than p_kept_s seconds of observed time ago; NULL if no such id is known';
