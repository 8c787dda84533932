-- The median of five calls, by class of duration.
SELECT ps_trace.class_percentile(0.5, '{150,160,170}', '{1,3,1}');
