-- Which duration stands for a bucket?
SELECT ps_trace.class_ms(160);
