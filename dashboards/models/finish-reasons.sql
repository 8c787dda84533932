-- Reasons for which models stopped, with the number of calls. At most twenty reasons.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT reason AS finish_reason, count(*) AS calls
FROM ps_trace.gen_ai_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to')), unnest(finish_reasons) AS reason
GROUP BY reason
ORDER BY calls DESC, reason
LIMIT 20;
