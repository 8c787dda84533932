-- Who calls the service that is called most, directly and through others, over the last 15 minutes? Each row is one step
-- of the way from a root span down to it: the caller's operation, what it called, how many steps the caller is away (1:
-- it calls the service itself), and how many calls there were.
-- To ask about a certain service, put its name in place of the query in `asked`.
--
-- The walk goes up from child to parent at most 50 steps, and only through spans of the last 75 minutes.
WITH RECURSIVE entries AS (
  SELECT s.trace_id, s.span_id, s.parent_span_id, s.service_name, s.span_name
  FROM ps_trace.span s
  JOIN ps_trace.span caller
    ON caller.trace_id = s.trace_id
    AND caller.span_id = s.parent_span_id
    AND caller.service_name <> s.service_name
  WHERE s.start_time >= now() - interval '15 minutes'
    AND caller.start_time >= now() - interval '75 minutes'
),
asked AS (
  SELECT service_name
  FROM entries
  GROUP BY service_name
  ORDER BY count(*) DESC, service_name
  LIMIT 1
),
walk AS (
  SELECT e.trace_id, e.span_id, e.parent_span_id, e.service_name, e.span_name, 0 AS distance
  FROM entries e
  JOIN asked ON asked.service_name = e.service_name
  UNION
  SELECT p.trace_id, p.span_id, p.parent_span_id, p.service_name, p.span_name, w.distance + 1
  FROM walk w
  JOIN ps_trace.span p ON p.trace_id = w.trace_id AND p.span_id = w.parent_span_id
  WHERE w.distance < 50
    AND p.start_time >= now() - interval '75 minutes'
)
SELECT
  caller.service_name AS caller_service,
  caller.span_name AS caller_operation,
  called.service_name AS called_service,
  called.span_name AS called_operation,
  min(caller.distance) AS distance,
  count(DISTINCT (called.trace_id, called.span_id)) AS calls
FROM walk caller
JOIN walk called
  ON called.trace_id = caller.trace_id
  AND called.parent_span_id = caller.span_id
  AND called.distance = caller.distance - 1
GROUP BY caller_service, caller_operation, called_service, called_operation
ORDER BY distance, calls DESC, caller_service, caller_operation, called_service, called_operation;
