CREATE OR REPLACE FUNCTION tracestore.recent_tags() RETURNS TABLE (key text, value jsonb)
-- Uses the index by time. The planner would scan the whole partition, because it expects the last hour anywhere in it.
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 SECURITY DEFINER SET enable_seqscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT DISTINCT a.key, a.value
  FROM (SELECT s.attributes FROM tracestore.span s WHERE s.start_time > now() - interval '1 hour' LIMIT 2000) recent
  CROSS JOIN LATERAL jsonb_each(recent.attributes) a
  WHERE length(a.value::text) < 1000
  LIMIT 10000;
END;
COMMENT ON FUNCTION tracestore.recent_tags IS 'Attributes of some spans of the last hour';
