-- A trace to be kept in a file, or sent to another receiver.
SELECT ps_trace.trace_otlp('ab000000000000000000000000000001');
