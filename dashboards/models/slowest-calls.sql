-- The twenty slowest calls of models.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT trace_id_hex AS trace_id, service_name, span_name, model, start_time AS time, duration_ms, input_tokens, output_tokens
FROM ps_trace.gen_ai_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
ORDER BY duration_ms DESC, start_time, trace_id
LIMIT 20;
