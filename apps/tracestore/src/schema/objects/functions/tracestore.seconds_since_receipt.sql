-- A span has no time of receipt. Its block and the ledger's row of its request are written in the same transaction, so the
-- ledger has the time. Only the last minutes are read, because the ledger has a row for each request.
CREATE OR REPLACE FUNCTION tracestore.seconds_since_receipt(p_trace_id uuid, p_start_min timestamptz, p_start_max timestamptz, p_longest interval)
RETURNS float8
-- PostgreSQL reads a BRIN index by a bitmap scan only, and sessions of the store have these off.
LANGUAGE sql STABLE PARALLEL SAFE SET enable_bitmapscan = on SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT extract(epoch FROM now() - max(l.received_at))::float8
  FROM tracestore.ledger l
  JOIN tracestore.span_block b ON (b.transaction_id & 4294967295)::text = l.xmin::text
  WHERE l.received_at > now() - p_longest
    AND b.start_max >= p_start_min AND b.start_min <= p_start_max AND p_trace_id = ANY (b.trace_ids);
END;
COMMENT ON FUNCTION tracestore.seconds_since_receipt IS 'How long ago the newest span of a trace was received, in seconds. NULL if that is longer than p_longest. p_start_min and p_start_max are the bounds of the starts of its spans';
