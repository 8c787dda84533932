-- Distribution of request durations over time. One column per power of two, named by its upper bound in milliseconds,
-- with the number of requests; the last column has no upper bound. The duration of a request is that of its root
-- span. A step is left out while fewer than 30 seconds of it are aggregated.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT
  time_bucket AS time,
  coalesce(sum(calls) FILTER (WHERE bucket > -1 AND bucket <= 128), 0)::float8 AS "0.0655",
  coalesce(sum(calls) FILTER (WHERE bucket > 128 AND bucket <= 136), 0)::float8 AS "0.131",
  coalesce(sum(calls) FILTER (WHERE bucket > 136 AND bucket <= 144), 0)::float8 AS "0.262",
  coalesce(sum(calls) FILTER (WHERE bucket > 144 AND bucket <= 152), 0)::float8 AS "0.524",
  coalesce(sum(calls) FILTER (WHERE bucket > 152 AND bucket <= 160), 0)::float8 AS "1.05",
  coalesce(sum(calls) FILTER (WHERE bucket > 160 AND bucket <= 168), 0)::float8 AS "2.1",
  coalesce(sum(calls) FILTER (WHERE bucket > 168 AND bucket <= 176), 0)::float8 AS "4.19",
  coalesce(sum(calls) FILTER (WHERE bucket > 176 AND bucket <= 184), 0)::float8 AS "8.39",
  coalesce(sum(calls) FILTER (WHERE bucket > 184 AND bucket <= 192), 0)::float8 AS "16.8",
  coalesce(sum(calls) FILTER (WHERE bucket > 192 AND bucket <= 200), 0)::float8 AS "33.6",
  coalesce(sum(calls) FILTER (WHERE bucket > 200 AND bucket <= 208), 0)::float8 AS "67.1",
  coalesce(sum(calls) FILTER (WHERE bucket > 208 AND bucket <= 216), 0)::float8 AS "134",
  coalesce(sum(calls) FILTER (WHERE bucket > 216 AND bucket <= 224), 0)::float8 AS "268",
  coalesce(sum(calls) FILTER (WHERE bucket > 224 AND bucket <= 232), 0)::float8 AS "537",
  coalesce(sum(calls) FILTER (WHERE bucket > 232 AND bucket <= 240), 0)::float8 AS "1070",
  coalesce(sum(calls) FILTER (WHERE bucket > 240 AND bucket <= 248), 0)::float8 AS "2150",
  coalesce(sum(calls) FILTER (WHERE bucket > 248 AND bucket <= 256), 0)::float8 AS "4290",
  coalesce(sum(calls) FILTER (WHERE bucket > 256 AND bucket <= 264), 0)::float8 AS "8590",
  coalesce(sum(calls) FILTER (WHERE bucket > 264 AND bucket <= 272), 0)::float8 AS "17200",
  coalesce(sum(calls) FILTER (WHERE bucket > 272 AND bucket <= 280), 0)::float8 AS "34400",
  coalesce(sum(calls) FILTER (WHERE bucket > 280), 0)::float8 AS "68700"
FROM (
  SELECT time_bucket, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls
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
