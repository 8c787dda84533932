-- What is the median of five calls, from buckets of durations?
SELECT ps_trace.bucket_percentile(0.5, '{150,160,170}', '{1,3,1}');
