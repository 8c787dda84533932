-- How many tokens did each service use in the last day?
SELECT service_name, model, count(*) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
FROM ps_trace.gen_ai_call(now() - interval '1 day', now())
GROUP BY service_name, model
ORDER BY output_tokens DESC NULLS LAST;
