CREATE OR REPLACE FUNCTION ps_trace.call_cover(_t_min timestamptz, _t_max timestamptz, _step interval) RETURNS timestamptz[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  progress record;
  finest_from CONSTANT timestamptz := date_bin('5 minutes', now() - tracestore.finest_aggregates_kept(), 'epoch') + interval '5 minutes';
  step_seconds CONSTANT numeric := extract(epoch FROM _step);
  ten CONSTANT interval := '10 seconds';
  five CONSTANT interval := '5 minutes';
  hour CONSTANT interval := '1 hour';
  tick CONSTANT interval := '1 microsecond';
  range_start timestamptz := date_bin(ten, _t_min, 'epoch');
  range_end timestamptz := greatest(date_bin(ten, _t_max + ten - tick, 'epoch'), range_start);
  wide_start timestamptz;
  wide_end timestamptz;
  widest_start timestamptz;
  widest_end timestamptz;
BEGIN
  SELECT s.rolled_5m, s.rolled_1h INTO STRICT progress FROM tracestore.call_state s;
  IF range_start < finest_from THEN range_start := date_bin(five, range_start, 'epoch'); END IF;
  IF range_end < finest_from THEN range_end := date_bin(five, range_end + five - tick, 'epoch'); END IF;
  wide_start := date_bin(five, range_start + five - tick, 'epoch');
  wide_end := least(date_bin(five, range_end, 'epoch'), progress.rolled_5m);
  IF step_seconds % 300 <> 0 THEN wide_end := least(wide_end, finest_from); END IF;
  IF wide_start >= wide_end THEN
    wide_start := range_end;
    wide_end := range_end;
  END IF;
  widest_start := date_bin(hour, wide_start + hour - tick, 'epoch');
  widest_end := least(date_bin(hour, wide_end, 'epoch'), progress.rolled_1h);
  IF step_seconds % 3600 <> 0 OR widest_start >= widest_end THEN
    widest_start := wide_end;
    widest_end := wide_end;
  END IF;
  RETURN ARRAY[range_start, wide_start, widest_start, widest_end, wide_end, range_end];
END
$$;
COMMENT ON FUNCTION ps_trace.call_cover IS 'The ranges in which to read the aggregates for a range of time, so that few rows are read. _step is the step of the result; NULL is one step for all. Returns six ascending times. call_10s has the ranges 1st to 2nd and 5th to 6th, call_5m the ranges 2nd to 3rd and 4th to 5th, call_1h the range 3rd to 4th. The tables service_call_* have the same ranges';
