-- Which duration stands for a class?
SELECT ps_trace.class_ms(160);
