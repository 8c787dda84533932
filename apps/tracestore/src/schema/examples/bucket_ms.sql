-- Which duration stands for a bucket?
SELECT ps_trace.bucket_ms(160);
