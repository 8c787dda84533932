-- What reads traces, in time that grows with the number of spans alone, whatever ids they share; and texts of values.

CREATE FUNCTION tracestore.plain_value(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Most values have no wrapper: then this is all.
  IF p_value::text !~ '"(bytesValue|doubleValue|kvlistValue)":' THEN
    RETURN p_value;
  END IF;
  CASE jsonb_typeof(p_value)
    WHEN 'array' THEN
      RETURN (
        SELECT jsonb_agg(tracestore.plain_value(e.value) ORDER BY e.nr)
        FROM jsonb_array_elements(p_value) WITH ORDINALITY AS e (value, nr)
      );
    WHEN 'object' THEN
      IF (SELECT count(*) FROM jsonb_object_keys(p_value)) = 1 THEN
        CASE
          WHEN jsonb_typeof(p_value -> 'bytesValue') = 'string' THEN
            RETURN CASE WHEN p_value ->> 'bytesValue' = '' THEN 'null' ELSE p_value -> 'bytesValue' END;
          WHEN jsonb_typeof(p_value -> 'doubleValue') = 'string' THEN
            RETURN CASE WHEN p_value ->> 'doubleValue' = '-0' THEN '0' ELSE p_value -> 'doubleValue' END;
          WHEN jsonb_typeof(p_value -> 'kvlistValue') = 'object' THEN
            p_value := p_value -> 'kvlistValue';
          ELSE
        END CASE;
      END IF;
      RETURN (SELECT jsonb_object_agg(m.key, tracestore.plain_value(m.value)) FROM jsonb_each(p_value) m);
    ELSE
      RETURN p_value;
  END CASE;
END
$$;
COMMENT ON FUNCTION tracestore.plain_value IS 'A value of an attribute without the objects that say its type: bytes as their text in base64 (null where there are none), numbers that JSON lacks as texts, -0 as 0. It is the JSON that an answer shows of a list';

-- Each trace is read once. Of a span's children, in the order in which they start, each adds what reaches beyond all
-- before it; so children that overlap count once.
--
-- In a trace in which spans share an id, a join of spans with their children would grow with the square of them. There, the
-- children of an id are put together first, whatever spans have that id: the pieces by which they reach beyond each other do
-- not overlap, so what they cover of a span is what they cover up to its end less what they cover up to its start.
CREATE FUNCTION tracestore.spans_of_traces(p_trace_ids uuid[], p_start_min timestamptz, p_start_max timestamptz)
RETURNS TABLE (
  nr int8, trace_id uuid, span_id int8, parent_span_id int8, instance int4, operation_id int8, status_code int4,
  start_time timestamptz, start_ns int8, end_ns int8
)
-- By the index of traces, one after the other: the one of times, which needs bitmaps, would be asked for each trace.
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 SET enable_bitmapscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT
    row_number() OVER (),
    s.trace_id, s.span_id, s.parent_span_id::int8, s.instance, s.operation_id, s.status_code, s.start_time,
    tracestore.unix_nano(s.start_time, s.start_nanos),
    greatest(tracestore.unix_nano(s.start_time, s.start_nanos), tracestore.unix_nano(s.end_time, s.end_nanos))
  -- A join, as = ANY would go through the whole list for every row that an index is not sure of.
  FROM (SELECT DISTINCT unnest(p_trace_ids) AS trace_id) asked
  JOIN tracestore.span s ON s.trace_id = asked.trace_id
  WHERE s.start_time >= p_start_min AND s.start_time <= p_start_max;
END;
COMMENT ON FUNCTION tracestore.spans_of_traces IS 'The spans of these traces that start from p_start_min to p_start_max, both included, each with a number. Read apart from what is made of them: to look them up takes nested loops, which all else has to do without';

CREATE OR REPLACE FUNCTION tracestore.self_time(p_trace_ids uuid[], p_start_min timestamptz, p_start_max timestamptz)
RETURNS TABLE (
  trace_id uuid, span_id int8, instance int4, operation_id int8, status_code int4, start_time timestamptz,
  duration_ns int8, self_ns int8
)
-- No nested loops: how many spans a trace has is not known when this is planned.
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
  -- Pieces, and of each span its start (sign -1) and its end (1).
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
  -- Each with the last piece that starts before it.
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
COMMENT ON FUNCTION tracestore.self_time IS 'Every span of these traces that starts from p_start_min to p_start_max, both included, with its self time: nanoseconds of its own duration in which no child of it ran. Children count where they lie inside of it, and only if they start in that range too. A span that names itself as its parent is no child';

CREATE OR REPLACE FUNCTION ps_trace.upstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, path int8[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.span_id, w.parent_span_id, w.lvl FROM tracestore.trace_walk(_trace_id) w
  ),
  here AS MATERIALIZED (
    SELECT h.place, h.lvl FROM walk h WHERE h.span_id = _span_id ORDER BY h.place LIMIT 10
  ),
  -- Parents stand before their children, so on each level above a span its ancestor is the last that stands before it.
  ancestor AS MATERIALIZED (
    SELECT DISTINCT ON (here.place, up.lvl)
      here.place AS from_place, here.lvl AS from_lvl, up.span_id, up.parent_span_id, up.lvl
    FROM here
    JOIN walk up ON up.place <= here.place AND up.lvl <= here.lvl
    ORDER BY here.place, up.lvl, up.place DESC
  ),
  way AS (
    SELECT a.from_place, array_agg(a.span_id ORDER BY a.lvl) AS span_ids FROM ancestor a GROUP BY a.from_place
  )
  SELECT
    _trace_id, a.parent_span_id, a.span_id, a.from_lvl - a.lvl,
    CASE WHEN a.from_lvl - a.lvl < 1000 THEN way.span_ids[a.lvl:a.from_lvl] END
  FROM ancestor a
  JOIN way ON way.from_place = a.from_place
  WHERE a.lvl = a.from_lvl OR _max_dist IS NULL OR a.from_lvl - a.lvl <= _max_dist
  ORDER BY a.from_place, a.lvl DESC;
END;
COMMENT ON FUNCTION ps_trace.upstream_spans IS 'A span and all above it, up to the root: how many steps each is away (0: the span itself, at most _max_dist) and the span ids from it down to the span (NULL from 1000 steps on). Of more than 10 spans that share the id, the first 10. Empty where the trace has no such span';

CREATE OR REPLACE FUNCTION ps_trace.downstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, path int8[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.span_id, w.parent_span_id, w.lvl, w.path FROM tracestore.trace_walk(_trace_id) w
  ),
  -- Below a span stands all that comes after it, up to the next one that is not deeper.
  here AS MATERIALIZED (
    SELECT
      h.place, h.lvl,
      coalesce((SELECT min(n.place) FROM walk n WHERE n.place > h.place AND n.lvl <= h.lvl), 2147483647) AS next_place
    FROM (SELECT w.place, w.lvl FROM walk w WHERE w.span_id = _span_id ORDER BY w.place LIMIT 10) h
  )
  SELECT _trace_id, w.parent_span_id, w.span_id, w.lvl - here.lvl, w.path[here.lvl:w.lvl]
  FROM here
  JOIN walk w ON w.place >= here.place AND w.place < here.next_place
  WHERE w.lvl = here.lvl OR _max_dist IS NULL OR w.lvl - here.lvl <= _max_dist
  ORDER BY here.place, w.place;
END;
COMMENT ON FUNCTION ps_trace.downstream_spans IS 'A span and all below it, parents before their children: how many steps each is away (0: the span itself, at most _max_dist) and the span ids from the span to it (NULL below level 1000 of the trace). Of more than 10 spans that share the id, the first 10. Empty where the trace has no such span';

-- No nested loops: how many spans a trace has is not known when this is planned.
ALTER FUNCTION ps_trace.sibling_spans SET enable_nestloop = off;

CREATE OR REPLACE FUNCTION ps_trace.operation_calls(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (parent_operation_id int8, child_operation_id int8, cnt int8)
-- No nested loops: they would look for each span's parent in the index of traces.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- Spans that share an id and an operation count together, so that they are not joined one by one.
  WITH parent AS (
    SELECT s.trace_id, s.span_id, s.operation_id, count(*) AS spans
    FROM tracestore.span s
    WHERE s.start_time > _start_time_min AND s.start_time < _start_time_max
    GROUP BY s.trace_id, s.span_id, s.operation_id
  ),
  child AS (
    SELECT s.trace_id, s.parent_span_id, s.operation_id, count(*) AS spans
    FROM tracestore.span s
    WHERE s.start_time > _start_time_min AND s.start_time < _start_time_max AND s.parent_span_id IS NOT NULL
    GROUP BY s.trace_id, s.parent_span_id, s.operation_id
  )
  SELECT parent.operation_id, child.operation_id, sum(parent.spans * child.spans)::int8
  FROM child
  JOIN parent ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
  GROUP BY parent.operation_id, child.operation_id;
END;

-- Promscale's names of kinds and states are equal to ours where ps_trace is in the search_path, and equal to nothing where
-- it is not: a query with them would find nothing and say so to nobody. So it is in the search_path of every session in
-- this database, behind what is there otherwise, unless somebody has set another.
DO $search_path$
BEGIN
  IF NOT EXISTS (
    SELECT
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
    WHERE d.datname = current_database() AND s.setrole = 0 AND c.setting LIKE 'search_path=%'
  ) THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, ps_trace', current_database());
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE NOTICE 'database % is left without ps_trace in its search_path: %', current_database(), SQLERRM;
END
$search_path$;
