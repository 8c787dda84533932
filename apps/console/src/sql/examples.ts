/** An example statement. */
export interface Example {
  readonly title: string;
  readonly sql: string;
}

export interface ExampleGroup {
  readonly name: string;
  readonly examples: readonly Example[];
}

/**
 * Typical queries on a trace store, from overviews to single traces. All of them work on any store. To be fast on a large one, a
 * query reads aggregates, or the spans of a few minutes.
 */
export const exampleGroups: readonly ExampleGroup[] = [
  {
    name: 'Traffic',
    examples: [
      {
        title: 'How many requests arrive per minute?',
        sql: `SELECT time_bucket AS time, sum(calls) AS requests
FROM ps_trace.service_call(now() - interval '3 hours', now(), interval '1 minute')
WHERE is_root
GROUP BY time
ORDER BY time`,
      },
      {
        title: 'Which operations are called, and how often?',
        sql: `SELECT service_name, span_name, span_kind, sum(calls) AS calls, sum(errors) AS errors
FROM ps_trace.operation_call_total(now() - interval '1 day', now())
GROUP BY service_name, span_name, span_kind
ORDER BY calls DESC`,
      },
      {
        title: 'Which service calls which?',
        sql: `SELECT parent_service_name AS caller, service_name AS called, sum(calls) AS calls, sum(errors) AS errors
FROM ps_trace.service_call(now() - interval '1 day', now(), NULL)
WHERE parent_service_name <> service_name
GROUP BY caller, called
ORDER BY calls DESC`,
      },
    ],
  },
  {
    name: 'Errors',
    examples: [
      {
        title: 'What is the error rate of each operation?',
        sql: `SELECT
  service_name,
  span_name,
  sum(calls) AS calls,
  sum(errors) AS errors,
  round(100.0 * sum(errors) / sum(calls), 2) AS percent
FROM ps_trace.operation_call_total(now() - interval '1 hour', now())
GROUP BY service_name, span_name
HAVING sum(errors) > 0
ORDER BY percent DESC`,
      },
      {
        title: 'Which spans failed last, and in which traces?',
        sql: `SELECT start_time, trace_id_hex AS trace_id, service_name, span_name, status_message
FROM ps_trace.spans_since('10 minutes')
WHERE status_code = 'error'
ORDER BY start_time DESC
LIMIT 100`,
      },
      {
        title: 'Which exceptions were recorded, with which messages?',
        sql: `SELECT
  service_name,
  event_tags ->> 'exception.type' AS type,
  event_tags ->> 'exception.message' AS message,
  count(*) AS times,
  max(time) AS last_time
FROM ps_trace.events_since('10 minutes')
WHERE event_name = 'exception'
GROUP BY service_name, type, message
ORDER BY times DESC`,
      },
      {
        title: 'Where do errors start? (failed spans without a failed child)',
        sql: `SELECT s.service_name, s.span_name, s.status_message, count(*) AS times, max(s.trace_id_hex) AS trace_id
FROM ps_trace.spans_since('2 minutes') AS s
WHERE s.status_code = 'error'
  AND NOT EXISTS (
    SELECT FROM ps_trace.spans_since('3 minutes') AS child
    WHERE child.trace_id = s.trace_id AND child.parent_span_id = s.span_id AND child.status_code = 'error'
  )
GROUP BY s.service_name, s.span_name, s.status_message
ORDER BY times DESC`,
      },
    ],
  },
  {
    name: 'Durations',
    examples: [
      {
        title: 'What are the duration percentiles of requests over time?',
        sql: `SELECT
  time_bucket AS time,
  ps_trace.bucket_percentile(0.50, array_agg(class), array_agg(calls)) AS p50_ms,
  ps_trace.bucket_percentile(0.95, array_agg(class), array_agg(calls)) AS p95_ms,
  ps_trace.bucket_percentile(0.99, array_agg(class), array_agg(calls)) AS p99_ms
FROM (
  SELECT time_bucket, unnest(duration_bucket) AS class, unnest(duration_calls)::int8 AS calls
  FROM ps_trace.service_call(now() - interval '3 hours', now(), interval '1 minute')
  WHERE is_root
) AS bucket
GROUP BY time
ORDER BY time`,
      },
      {
        title: 'Which requests were slowest?',
        sql: `SELECT trace_id_hex AS trace_id, service_name, span_name, start_time, duration_ms
FROM ps_trace.slowest_requests(now() - interval '1 hour', now(), 20)
ORDER BY duration_ms DESC`,
      },
      {
        title: 'Which operations have the most self time?',
        sql: `SELECT service_name, span_name, sum(calls) AS calls, round(sum(self_ns_sum)::numeric / 1000000, 3) AS self_ms
FROM ps_trace.operation_call_total(now() - interval '1 hour', now())
GROUP BY service_name, span_name
ORDER BY self_ms DESC`,
      },
      {
        title: 'What is on the critical path of the slowest request?',
        sql: `SELECT c.service_name, c.span_name, round(sum(c.section_ms)::numeric, 3) AS on_path_ms
FROM ps_trace.slowest_requests(now() - interval '15 minutes', now(), 1) AS slowest
CROSS JOIN LATERAL ps_trace.critical_path(slowest.trace_id) AS c
GROUP BY c.service_name, c.span_name
ORDER BY on_path_ms DESC`,
      },
    ],
  },
  {
    name: 'Traces',
    examples: [
      {
        title: 'What is the call tree of the latest trace?',
        sql: `SELECT repeat('  ', t.lvl - 1) || s.service_name || ' ' || s.span_name AS call, s.duration_ms, s.status_code
FROM (
  SELECT trace_id
  FROM ps_trace.spans_between(now() - interval '10 minutes', now() - interval '10 seconds')
  WHERE is_root_span
  ORDER BY start_time DESC
  LIMIT 1
) AS latest
CROSS JOIN LATERAL ps_trace.trace_tree(latest.trace_id) WITH ORDINALITY AS t
JOIN ps_trace.span s ON s.trace_id = t.trace_id AND s.span_id = t.span_id
ORDER BY t.ordinality`,
      },
      {
        title: 'Are traces with more calls slower?',
        sql: `SELECT calls_in_trace, count(*) AS traces, round(avg(duration_ms)::numeric, 2) AS duration_ms
FROM (
  SELECT trace_id, count(*) AS calls_in_trace, max(duration_ms) FILTER (WHERE is_root_span) AS duration_ms
  FROM ps_trace.spans_since('2 minutes')
  GROUP BY trace_id
) AS trace
GROUP BY calls_in_trace
ORDER BY calls_in_trace`,
      },
      {
        title: 'Which attributes do spans have, and how many values?',
        sql: `SELECT s.service_name, tag.key, count(*) AS spans, count(DISTINCT tag.value) AS different, min(tag.value::text) AS example
FROM ps_trace.spans_since('1 minute') AS s
CROSS JOIN LATERAL jsonb_each(s.span_tags) AS tag
GROUP BY s.service_name, tag.key
ORDER BY s.service_name, spans DESC`,
      },
    ],
  },
  {
    name: 'Workshop: the passwords',
    examples: [
      {
        title: 'Which characters does each service return most often?',
        sql: `SELECT service_name, span_tags ->> 'char' AS char, count(*) AS times
FROM ps_trace.spans_since('5 minutes')
WHERE span_tags ? 'char'
GROUP BY service_name, char
ORDER BY times DESC`,
      },
      {
        title: 'Which character is slowest to generate?',
        sql: `SELECT
  service_name,
  span_tags ->> 'char' AS char,
  count(*) AS times,
  round(avg(duration_ms)::numeric, 2) AS mean_ms,
  round(max(duration_ms)::numeric, 2) AS longest_ms
FROM ps_trace.spans_since('5 minutes')
WHERE span_tags ? 'char'
GROUP BY service_name, char
ORDER BY mean_ms DESC`,
      },
      {
        title: 'Which operations are slower in the slowest tenth of requests?',
        sql: `WITH request AS (
  SELECT trace_id, ntile(10) OVER (ORDER BY duration_ms DESC) AS tenth
  FROM ps_trace.spans_since('2 minutes')
  WHERE is_root_span AND service_name = 'generator'
)
SELECT
  s.service_name,
  s.span_name,
  round(avg(s.duration_ms) FILTER (WHERE r.tenth = 1)::numeric, 2) AS slowest_tenth_ms,
  round(avg(s.duration_ms) FILTER (WHERE r.tenth > 1)::numeric, 2) AS others_ms
FROM request r
JOIN ps_trace.spans_since('3 minutes') AS s ON s.trace_id = r.trace_id
GROUP BY s.service_name, s.span_name
ORDER BY slowest_tenth_ms DESC NULLS LAST`,
      },
    ],
  },
];
