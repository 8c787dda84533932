-- Limits what this run reads next to some traces.
-- :'trace_nrs'  the numbers of the traces, an array as text.
SELECT set_config('tracestore.pass_endless', :'trace_nrs', true);
