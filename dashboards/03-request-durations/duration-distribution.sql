-- Distribution of request durations over time. One column per power of two, named by its upper bound in milliseconds,
-- with the number of requests; the last column has no upper bound. The duration of a request is that of its root
-- span. A step is left out while fewer than 30 seconds of it are aggregated.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT
  time_bucket AS time,
  coalesce(sum(calls) FILTER (WHERE class > -1 AND class <= 128), 0)::float8 AS "0.0655",
  coalesce(sum(calls) FILTER (WHERE class > 128 AND class <= 136), 0)::float8 AS "0.131",
  coalesce(sum(calls) FILTER (WHERE class > 136 AND class <= 144), 0)::float8 AS "0.262",
  coalesce(sum(calls) FILTER (WHERE class > 144 AND class <= 152), 0)::float8 AS "0.524",
  coalesce(sum(calls) FILTER (WHERE class > 152 AND class <= 160), 0)::float8 AS "1.05",
  coalesce(sum(calls) FILTER (WHERE class > 160 AND class <= 168), 0)::float8 AS "2.1",
  coalesce(sum(calls) FILTER (WHERE class > 168 AND class <= 176), 0)::float8 AS "4.19",
  coalesce(sum(calls) FILTER (WHERE class > 176 AND class <= 184), 0)::float8 AS "8.39",
  coalesce(sum(calls) FILTER (WHERE class > 184 AND class <= 192), 0)::float8 AS "16.8",
  coalesce(sum(calls) FILTER (WHERE class > 192 AND class <= 200), 0)::float8 AS "33.6",
  coalesce(sum(calls) FILTER (WHERE class > 200 AND class <= 208), 0)::float8 AS "67.1",
  coalesce(sum(calls) FILTER (WHERE class > 208 AND class <= 216), 0)::float8 AS "134",
  coalesce(sum(calls) FILTER (WHERE class > 216 AND class <= 224), 0)::float8 AS "268",
  coalesce(sum(calls) FILTER (WHERE class > 224 AND class <= 232), 0)::float8 AS "537",
  coalesce(sum(calls) FILTER (WHERE class > 232 AND class <= 240), 0)::float8 AS "1070",
  coalesce(sum(calls) FILTER (WHERE class > 240 AND class <= 248), 0)::float8 AS "2150",
  coalesce(sum(calls) FILTER (WHERE class > 248 AND class <= 256), 0)::float8 AS "4290",
  coalesce(sum(calls) FILTER (WHERE class > 256 AND class <= 264), 0)::float8 AS "8590",
  coalesce(sum(calls) FILTER (WHERE class > 264 AND class <= 272), 0)::float8 AS "17200",
  coalesce(sum(calls) FILTER (WHERE class > 272 AND class <= 280), 0)::float8 AS "34400",
  coalesce(sum(calls) FILTER (WHERE class > 280), 0)::float8 AS "68700"
FROM (
  SELECT time_bucket, unnest(duration_class) AS class, unnest(duration_calls) AS calls
  FROM ps_trace.service_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  )
  JOIN ps_trace.counted_step(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  ) AS step USING (time_bucket)
  WHERE is_root
) AS entry
GROUP BY time_bucket
ORDER BY time_bucket;
