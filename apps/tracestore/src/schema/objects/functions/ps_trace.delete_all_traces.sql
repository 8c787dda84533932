-- Lists the tables by name, so that tables without traces are not emptied.
CREATE OR REPLACE FUNCTION ps_trace.delete_all_traces() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- One statement, so that no aggregate of a deleted span stays. It takes locks in the order of writers and runs. The
  -- dictionaries stay, because writers rely on their entries.
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
COMMENT ON FUNCTION ps_trace.delete_all_traces IS 'Deletes every span, event and link and all aggregates of them, also while stores run. The dictionaries lose unused services and operations later, as always. For the owner and roles with EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.delete_all_traces FROM PUBLIC;
