-- By name, so that tables which hold no traces stay.
CREATE OR REPLACE FUNCTION ps_trace.delete_all_traces() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- All at once, so that no aggregate stays of spans that are gone; in the order in which writers and the count of calls
  -- take their locks. What spans share stays: writers know that it is there.
  EXECUTE (
    SELECT 'TRUNCATE tracestore.ledger, tracestore.span, ' || string_agg('tracestore.' || name, ', ' ORDER BY name)
    FROM (
      SELECT t.name FROM tracestore.timed_table t WHERE t.name <> 'span'
      UNION ALL
      SELECT unnest(ARRAY['span_move', 'moved_span', 'call_recount', 'late_call'])
    ) AS emptied
  );
END
$$;
COMMENT ON FUNCTION ps_trace.delete_all_traces IS 'Deletes every span, event and link and all figures of them, while stores may run. Services and operations are forgotten with time, as those that nobody uses any more always are. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.delete_all_traces FROM PUBLIC;
