-- Export a trace to a file or to another receiver.
SELECT ps_trace.trace_otlp('ab000000000000000000000000000001');
