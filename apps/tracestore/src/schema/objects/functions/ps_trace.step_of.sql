CREATE OR REPLACE FUNCTION ps_trace.step_of(_text text, _t_min timestamptz, _t_max timestamptz) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN CASE
  WHEN _text NOT IN ('auto', 'sparse') THEN _text::interval
  WHEN _t_max - _t_min <= interval '20 minutes' AND _text = 'auto' THEN interval '10 seconds'
  WHEN _t_max - _t_min <= CASE _text WHEN 'auto' THEN interval '2 hours' ELSE interval '30 minutes' END THEN interval '1 minute'
  WHEN _t_max - _t_min <= CASE _text WHEN 'auto' THEN interval '25 hours' ELSE interval '6 hours' END THEN interval '5 minutes'
  WHEN _t_max - _t_min <= interval '8 days' THEN interval '1 hour'
  ELSE interval '6 hours'
END;
COMMENT ON FUNCTION ps_trace.step_of IS 'The step of a series over a range: the given interval, or auto, or sparse. auto gives some hundred points; sparse gives fewer, for many series at once';
