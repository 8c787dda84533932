-- The children of a span, in the order of their start, each add the part beyond all children before them. So overlapping
-- children count once.
--
-- In a trace where spans share an id, a join of spans with their children grows with the square of these spans. There the
-- function first merges the children of an id into pieces that do not overlap. The part of a span that children cover is the
-- sum of the pieces up to its end, minus the sum up to its start.
CREATE OR REPLACE FUNCTION tracestore.self_time(p_trace_ids uuid[], p_start_min timestamptz, p_start_max timestamptz)
RETURNS TABLE (
  trace_id uuid, span_id int8, instance int4, operation_id int8, status_code int4, start_time timestamptz,
  duration_ns int8, self_ns int8
)
-- No nested loops: the planner does not know how many spans a trace has.
LANGUAGE sql STABLE PARALLEL SAFE SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH own AS MATERIALIZED (
    SELECT * FROM tracestore.spans_of_traces(p_trace_ids, p_start_min, p_start_max)
  ),
  twin_trace AS MATERIALIZED (
    SELECT shared.trace_id
    FROM (SELECT own.trace_id FROM own GROUP BY own.trace_id, own.span_id HAVING count(*) > 1) AS shared
    GROUP BY shared.trace_id
  ),
  child AS (
    SELECT p.nr AS parent_nr, greatest(c.start_ns, p.start_ns) AS start_ns, least(c.end_ns, p.end_ns) AS end_ns
    FROM own p
    JOIN own c ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
    WHERE c.start_ns < p.end_ns AND c.end_ns > p.start_ns AND c.parent_span_id <> c.span_id
      AND p.trace_id NOT IN (SELECT t.trace_id FROM twin_trace t)
  ),
  reached AS (
    SELECT
      parent_nr, start_ns, end_ns,
      max(end_ns) OVER (
        PARTITION BY parent_nr ORDER BY start_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before_ns
    FROM child
  ),
  covered AS (
    SELECT parent_nr, sum(greatest(0, end_ns - greatest(start_ns, before_ns)))::int8 AS covered_ns
    FROM reached
    GROUP BY parent_nr
  ),
  twin AS MATERIALIZED (
    SELECT * FROM own WHERE (own.trace_id IN (SELECT t.trace_id FROM twin_trace t)) IS TRUE
  ),
  twin_reached AS (
    SELECT
      c.trace_id, c.parent_span_id, c.start_ns, c.end_ns,
      max(c.end_ns) OVER (
        PARTITION BY c.trace_id, c.parent_span_id ORDER BY c.start_ns, c.end_ns
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before_ns
    FROM twin c
    WHERE c.parent_span_id IS NOT NULL AND c.parent_span_id <> c.span_id
  ),
  piece AS (
    SELECT
      r.trace_id, r.parent_span_id, greatest(r.start_ns, r.before_ns) AS start_ns, r.end_ns,
      coalesce(sum(r.end_ns - greatest(r.start_ns, r.before_ns)) OVER (
        PARTITION BY r.trace_id, r.parent_span_id ORDER BY r.start_ns, r.end_ns
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ), 0)::int8 AS before_ns
    FROM twin_reached r
    WHERE r.before_ns IS NULL OR r.end_ns > r.before_ns
  ),
  -- The pieces, and the start (sign -1) and the end (1) of each span.
  point AS (
    SELECT
      twin.nr, twin.trace_id, twin.span_id AS parent_id, bound.sign, bound.at_ns,
      NULL::int8 AS piece_start_ns, NULL::int8 AS piece_end_ns, NULL::int8 AS before_ns
    FROM twin
    CROSS JOIN LATERAL (VALUES (-1, twin.start_ns), (1, twin.end_ns)) AS bound (sign, at_ns)
    UNION ALL
    SELECT NULL, piece.trace_id, piece.parent_span_id, 0, piece.start_ns, piece.start_ns, piece.end_ns, piece.before_ns
    FROM piece
  ),
  -- Each point with the last piece that starts before it.
  placed AS (
    SELECT
      point.nr, point.sign, point.at_ns,
      max(point.piece_start_ns) OVER earlier AS piece_start_ns,
      max(point.piece_end_ns) OVER earlier AS piece_end_ns,
      max(point.before_ns) OVER earlier AS before_ns
    FROM point
    WINDOW earlier AS (PARTITION BY point.trace_id, point.parent_id ORDER BY point.at_ns ROWS UNBOUNDED PRECEDING)
  ),
  every_covered AS (
    SELECT covered.parent_nr AS nr, covered.covered_ns FROM covered
    UNION ALL
    SELECT placed.nr, sum(placed.sign * coalesce(placed.before_ns + least(placed.piece_end_ns, placed.at_ns) - placed.piece_start_ns, 0))::int8
    FROM placed
    WHERE placed.sign <> 0
    GROUP BY placed.nr
  )
  SELECT
    own.trace_id, own.span_id, own.instance, own.operation_id, own.status_code, own.start_time,
    own.end_ns - own.start_ns, own.end_ns - own.start_ns - coalesce(every_covered.covered_ns, 0)
  FROM own
  LEFT JOIN every_covered ON every_covered.nr = own.nr;
END;
COMMENT ON FUNCTION tracestore.self_time IS 'The spans of these traces that start from p_start_min to p_start_max, both included, each with its self time: the nanoseconds of its duration in which no child ran. A child counts only within the duration of its parent, and only if it starts in that range too. A span that names itself as its parent is not a child';
