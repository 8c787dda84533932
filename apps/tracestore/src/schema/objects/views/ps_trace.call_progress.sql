CREATE OR REPLACE VIEW ps_trace.call_progress AS
SELECT counted_at, rolled_5m, rolled_1h FROM tracestore.call_state;
COMMENT ON VIEW ps_trace.call_progress IS 'How far calls are counted; one row';
COMMENT ON COLUMN ps_trace.call_progress.counted_at IS 'All spans that were stored before this time are counted';
COMMENT ON COLUMN ps_trace.call_progress.rolled_5m IS 'call_5m is whole before this time';
COMMENT ON COLUMN ps_trace.call_progress.rolled_1h IS 'call_1h is whole before this time';
