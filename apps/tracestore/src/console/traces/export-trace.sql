-- A trace as a document of OTLP/JSON, without spans where it is not known.
SELECT ps_trace.trace_otlp($1::uuid)::text AS otlp
