CREATE OR REPLACE VIEW ps_trace.call_progress AS
SELECT counted_at, rolled_5m, rolled_1h FROM tracestore.call_state;
COMMENT ON VIEW ps_trace.call_progress IS 'How far spans are aggregated; one row';
COMMENT ON COLUMN ps_trace.call_progress.counted_at IS 'All spans stored before this time are aggregated';
COMMENT ON COLUMN ps_trace.call_progress.rolled_5m IS 'call_5m is complete before this time';
COMMENT ON COLUMN ps_trace.call_progress.rolled_1h IS 'call_1h is complete before this time';
