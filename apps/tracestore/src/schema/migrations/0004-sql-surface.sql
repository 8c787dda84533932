-- What can be asked about traces beyond the rows of the views: their trees, self time, critical path, OTLP and summary.
-- docs/adr/0009-sql-surface.md says why each is as it is.
--
-- Functions that read tables run with their owner's rights, because readers have none on schema tracestore; so their
-- search_path is fixed, and their SQL too: no argument ever becomes part of a statement.

CREATE FUNCTION tracestore.unix_nano(p_time timestamptz, p_nanos int2) RETURNS int8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (extract(epoch FROM p_time) * 1000000)::int8 * 1000 + p_nanos;
COMMENT ON FUNCTION tracestore.unix_nano IS 'Nanoseconds since 1970, exact, of a time and the nanoseconds that it has no room for';

-- Each trace is read once. Of a span's children, in the order in which they start, each adds what reaches beyond all
-- before it; so children that overlap count once.
CREATE FUNCTION tracestore.self_time(p_trace_ids uuid[], p_start_min timestamptz, p_start_max timestamptz)
RETURNS TABLE (
  trace_id uuid, span_id int8, instance int4, operation_id int8, status_code int4, start_time timestamptz,
  duration_ns int8, self_ns int8
)
-- By the index of traces, one after the other: the one of times, which needs bitmaps, would be asked for each trace.
LANGUAGE sql STABLE PARALLEL SAFE SET enable_bitmapscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH own AS MATERIALIZED (
    SELECT
      row_number() OVER () AS nr,
      s.trace_id, s.span_id, s.parent_span_id, s.instance, s.operation_id, s.status_code, s.start_time,
      tracestore.unix_nano(s.start_time, s.start_nanos) AS start_ns,
      greatest(tracestore.unix_nano(s.start_time, s.start_nanos), tracestore.unix_nano(s.end_time, s.end_nanos)) AS end_ns
    -- A join, as = ANY would go through the whole list for every row that an index is not sure of.
    FROM (SELECT DISTINCT unnest(p_trace_ids) AS trace_id) asked
    JOIN tracestore.span s ON s.trace_id = asked.trace_id
    WHERE s.start_time >= p_start_min AND s.start_time <= p_start_max
  ),
  child AS (
    SELECT p.nr AS parent_nr, greatest(c.start_ns, p.start_ns) AS start_ns, least(c.end_ns, p.end_ns) AS end_ns
    FROM own p
    JOIN own c ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
    WHERE c.start_ns < p.end_ns AND c.end_ns > p.start_ns AND c.nr <> p.nr
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
  )
  SELECT
    own.trace_id, own.span_id, own.instance, own.operation_id, own.status_code, own.start_time,
    own.end_ns - own.start_ns, own.end_ns - own.start_ns - coalesce(covered.covered_ns, 0)
  FROM own
  LEFT JOIN covered ON covered.parent_nr = own.nr;
END;
COMMENT ON FUNCTION tracestore.self_time IS 'Every span of these traces that starts from p_start_min to p_start_max, both included, with its self time: nanoseconds of its own duration in which no child of it ran. Children count where they lie inside of it, and only if they start in that range too';

CREATE FUNCTION ps_trace.self_time(_trace_id ps_trace.trace_id)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, service_name text, span_name text, span_kind ps_trace.span_kind,
  start_time timestamptz, duration_ms float8, self_ms float8
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT
    t.trace_id, t.span_id, o.service_name, o.span_name, tracestore.span_kind(o.span_kind),
    t.start_time, t.duration_ns / 1e6::float8, t.self_ns / 1e6::float8
  FROM tracestore.self_time(ARRAY[_trace_id::uuid], '-infinity', 'infinity') t
  LEFT JOIN tracestore.operation o ON o.id = t.operation_id;
END;
COMMENT ON FUNCTION ps_trace.self_time(ps_trace.trace_id) IS 'Every span of a trace with its self time: milliseconds of its own duration in which no child of it ran. Children that run at the same time count once, and only where they lie inside of it, so it is never negative. Where spans share an id, a child counts in each of them that is its parent by id';

CREATE FUNCTION ps_trace.self_time(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, service_name text, span_name text, span_kind ps_trace.span_kind,
  start_time timestamptz, duration_ms float8, self_ms float8
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH asked AS MATERIALIZED (
    SELECT array_agg(DISTINCT s.trace_id) AS trace_ids, max(greatest(s.start_time, s.end_time)) AS end_max
    FROM tracestore.span s
    WHERE s.start_time >= _start_time_min AND s.start_time < _start_time_max
  )
  SELECT
    t.trace_id, t.span_id, o.service_name, o.span_name, tracestore.span_kind(o.span_kind),
    t.start_time, t.duration_ns / 1e6::float8, t.self_ns / 1e6::float8
  FROM asked
  CROSS JOIN LATERAL tracestore.self_time(asked.trace_ids, _start_time_min - interval '1 hour', asked.end_max) t
  LEFT JOIN tracestore.operation o ON o.id = t.operation_id
  WHERE t.start_time >= _start_time_min AND t.start_time < _start_time_max;
END;
COMMENT ON FUNCTION ps_trace.self_time(timestamptz, timestamptz) IS 'As self_time of a trace, for every span that starts from _start_time_min to before _start_time_max, of whatever trace. Children are looked for beyond the range too, from an hour before it to the end of its longest span';

CREATE FUNCTION tracestore.timestamp_of(p_unix_nano int8) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '1970-01-01 00:00:00+00'::timestamptz + (p_unix_nano / 1000) * interval '1 microsecond';
COMMENT ON FUNCTION tracestore.timestamp_of IS 'The time of nanoseconds since 1970, rounded to the microsecond towards 1970';

CREATE FUNCTION tracestore.trace_walk(p_trace_id uuid)
RETURNS TABLE (
  place int4, parent_place int4, span_id int8, parent_span_id int8, operation_id int8, start_ns int8, end_ns int8,
  lvl int4, path int8[]
)
-- No nested loops: how many spans a trace has is not known when this is planned.
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  most_spans CONSTANT int4 := 1000000;
  deepest_path CONSTANT int4 := 1000;
  -- What follows has an entry for each span, in the order in which they start; 0 is no span.
  ids int8[];
  parent_ids int8[];
  operations int8[];
  starts int8[];
  ends int8[];
  parents int4[];
  first_child int4[];
  next_sibling int4[];
  places int4[];
  marks int4[];
  -- The way from the root to where the walk is.
  way int4[];
  way_ids int8[];
  depth int4;
  span_count int4;
  first_root int4 := 0;
  unmet int4 := 1;
  i int4;
  j int4;
BEGIN
  WITH own AS MATERIALIZED (
    SELECT
      row_number() OVER (ORDER BY s.start_time, s.start_nanos, s.instance)::int4 AS nr,
      s.span_id, s.parent_span_id, s.operation_id,
      tracestore.unix_nano(s.start_time, s.start_nanos) AS start_ns,
      greatest(tracestore.unix_nano(s.start_time, s.start_nanos), tracestore.unix_nano(s.end_time, s.end_nanos)) AS end_ns
    FROM (SELECT * FROM tracestore.span WHERE trace_id = p_trace_id LIMIT most_spans + 1) s
  ),
  -- Of spans that share an id, the first has the children.
  named AS (SELECT own.span_id, min(own.nr) AS nr FROM own GROUP BY own.span_id)
  SELECT
    array_agg(own.span_id ORDER BY own.nr), array_agg(own.parent_span_id ORDER BY own.nr),
    array_agg(own.operation_id ORDER BY own.nr), array_agg(own.start_ns ORDER BY own.nr),
    array_agg(own.end_ns ORDER BY own.nr), array_agg(coalesce(named.nr, 0) ORDER BY own.nr)
  INTO ids, parent_ids, operations, starts, ends, parents
  FROM own
  LEFT JOIN named ON named.span_id = own.parent_span_id;

  span_count := coalesce(cardinality(ids), 0);
  IF span_count > most_spans THEN
    RAISE EXCEPTION 'trace % has more than % spans', p_trace_id, most_spans USING ERRCODE = 'program_limit_exceeded';
  END IF;
  IF span_count = 0 THEN RETURN; END IF;
  first_child := array_fill(0, ARRAY[span_count]);
  next_sibling := first_child;
  places := first_child;
  marks := first_child;
  FOR i IN REVERSE span_count..1 LOOP
    IF parents[i] = 0 THEN
      next_sibling[i] := first_root;
      first_root := i;
    ELSE
      next_sibling[i] := first_child[parents[i]];
      first_child[parents[i]] := i;
    END IF;
  END LOOP;

  place := 0;
  LOOP
    -- Every span below a root, parents first, siblings in the order in which they start.
    i := first_root;
    depth := 1;
    WHILE i <> 0 LOOP
      place := place + 1;
      places[i] := place;
      way[depth] := i;
      way_ids[depth] := ids[i];
      parent_place := CASE WHEN depth > 1 THEN places[way[depth - 1]] ELSE 0 END;
      span_id := ids[i];
      parent_span_id := parent_ids[i];
      operation_id := operations[i];
      start_ns := starts[i];
      end_ns := ends[i];
      lvl := depth;
      path := CASE WHEN depth <= deepest_path THEN way_ids[1:depth] END;
      RETURN NEXT;
      IF first_child[i] <> 0 THEN
        i := first_child[i];
        depth := depth + 1;
      ELSE
        WHILE next_sibling[i] = 0 AND depth > 1 LOOP
          depth := depth - 1;
          i := way[depth];
        END LOOP;
        i := next_sibling[i];
      END IF;
    END LOOP;

    -- What was not met hangs from a cycle. Its earliest span becomes a root, and all that hangs from it is met next.
    WHILE unmet <= span_count AND places[unmet] <> 0 LOOP
      unmet := unmet + 1;
    END LOOP;
    EXIT WHEN unmet > span_count;
    i := unmet;
    WHILE marks[i] <> unmet LOOP
      marks[i] := unmet;
      i := parents[i];
    END LOOP;
    first_root := i;
    j := parents[i];
    WHILE j <> i LOOP
      first_root := least(first_root, j);
      j := parents[j];
    END LOOP;
    j := parents[first_root];
    IF first_child[j] = first_root THEN
      first_child[j] := next_sibling[first_root];
    ELSE
      j := first_child[j];
      WHILE next_sibling[j] <> first_root LOOP
        j := next_sibling[j];
      END LOOP;
      next_sibling[j] := next_sibling[first_root];
    END IF;
    next_sibling[first_root] := 0;
  END LOOP;
END
$$;
COMMENT ON FUNCTION tracestore.trace_walk IS 'Every span of a trace once, parents before their children, in time and room that grow with the number of spans alone. Roots are spans without a parent, spans whose parent is not stored, and of spans that are each other''s parents the earliest. path is NULL below level 1000. A trace of more than a million spans is refused';

CREATE FUNCTION ps_trace.trace_tree(_trace_id ps_trace.trace_id)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, lvl int4, path int8[])
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT _trace_id, w.parent_span_id, w.span_id, w.lvl, w.path FROM tracestore.trace_walk(_trace_id) w;
END;
COMMENT ON FUNCTION ps_trace.trace_tree IS 'Every span of a trace, once, parents before their children and siblings in the order in which they start: its level, which is 1 for a root, and the span ids from the root to it (NULL below level 1000). A span whose parent is not stored is a root too, with its parent_span_id; so is the earliest of spans that are each other''s parents. Where spans share an id, the earliest has the children';

CREATE FUNCTION ps_trace.upstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, path int8[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.span_id, w.parent_span_id, w.lvl FROM tracestore.trace_walk(_trace_id) w
  ),
  -- Parents stand before their children, so on each level above a span its ancestor is the last that stands before it.
  ancestor AS MATERIALIZED (
    SELECT DISTINCT ON (here.place, up.lvl)
      here.place AS from_place, here.lvl AS from_lvl, up.span_id, up.parent_span_id, up.lvl
    FROM walk here
    JOIN walk up ON up.place <= here.place AND up.lvl <= here.lvl
    WHERE here.span_id = _span_id
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
COMMENT ON FUNCTION ps_trace.upstream_spans IS 'A span and all above it, up to the root: how many steps each is away (0: the span itself, at most _max_dist) and the span ids from it down to the span (NULL from 1000 steps on). Empty where the trace has no such span';

CREATE FUNCTION ps_trace.downstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
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
    FROM walk h
    WHERE h.span_id = _span_id
  )
  SELECT _trace_id, w.parent_span_id, w.span_id, w.lvl - here.lvl, w.path[here.lvl:w.lvl]
  FROM here
  JOIN walk w ON w.place >= here.place AND w.place < here.next_place
  WHERE w.lvl = here.lvl OR _max_dist IS NULL OR w.lvl - here.lvl <= _max_dist
  ORDER BY here.place, w.place;
END;
COMMENT ON FUNCTION ps_trace.downstream_spans IS 'A span and all below it, parents before their children: how many steps each is away (0: the span itself, at most _max_dist) and the span ids from the span to it (NULL below level 1000 of the trace). Empty where the trace has no such span';

CREATE FUNCTION ps_trace.sibling_spans(_trace_id ps_trace.trace_id, _span_id int8)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH own AS MATERIALIZED (
    SELECT s.span_id, s.parent_span_id, s.start_time, s.start_nanos
    FROM tracestore.span s
    WHERE s.trace_id = _trace_id::uuid
  )
  SELECT _trace_id, own.parent_span_id, own.span_id
  FROM own
  WHERE own.parent_span_id IN (SELECT here.parent_span_id FROM own here WHERE here.span_id = _span_id)
  ORDER BY own.start_time, own.start_nanos;
END;
COMMENT ON FUNCTION ps_trace.sibling_spans IS 'The spans that have the same parent as a span, itself among them, in the order in which they start. Empty for a span without a parent';

CREATE FUNCTION ps_trace.span_tree(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (
  trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, is_upstream boolean, is_downstream boolean,
  path int8[]
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT u.trace_id, u.parent_span_id, u.span_id, u.dist, true, false, u.path
  FROM ps_trace.upstream_spans(_trace_id, _span_id, _max_dist) u
  WHERE u.dist <> 0
  UNION ALL
  SELECT d.trace_id, d.parent_span_id, d.span_id, d.dist, false, d.dist <> 0, d.path
  FROM ps_trace.downstream_spans(_trace_id, _span_id, _max_dist) d;
END;
COMMENT ON FUNCTION ps_trace.span_tree IS 'All that upstream_spans and downstream_spans say of a span. The span itself, at distance 0, is there once and neither upstream nor downstream';

CREATE FUNCTION ps_trace.operation_calls(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (parent_operation_id int8, child_operation_id int8, cnt int8)
-- No nested loops: they would look for each span's parent in the index of traces.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT parent.operation_id, child.operation_id, count(*)
  FROM tracestore.span child
  JOIN tracestore.span parent ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
  WHERE child.start_time > _start_time_min AND child.start_time < _start_time_max
    AND parent.start_time > _start_time_min AND parent.start_time < _start_time_max
  GROUP BY parent.operation_id, child.operation_id;
END;
COMMENT ON FUNCTION ps_trace.operation_calls IS 'How often operations called operations: pairs of a span and its parent, both of which started after _start_time_min and before _start_time_max. _ps_trace.operation says what the ids are. Reads every span of that time';

CREATE FUNCTION ps_trace.critical_path(_trace_id ps_trace.trace_id)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, parent_span_id int8, service_name text, span_name text,
  section_start timestamptz, section_end timestamptz, section_start_unix_nano int8, section_end_unix_nano int8,
  section_ms float8
)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  -- An entry for each span, parents before their children; 0 is no span.
  ids int8[];
  parent_ids int8[];
  parents int4[];
  starts int8[];
  ends int8[];
  operations int8[];
  by_end int4[];
  root int4;
  -- Of each span's children the next to be looked at, and after each span its next sibling: who ends last comes first.
  next_child int4[];
  next_sibling int4[];
  -- Up to where, from its end, what a span waited for is settled.
  settled int8[];
  -- From the root to the span that is looked at.
  way int4[];
  depth int4 := 1;
  section_ids int8[];
  section_parents int8[];
  section_operations int8[];
  section_starts int8[];
  section_ends int8[];
  section_count int4 := 0;
  section_from int8;
  i int4;
  c int4;
BEGIN
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.parent_place, w.span_id, w.parent_span_id, w.operation_id, w.start_ns, w.end_ns
    FROM tracestore.trace_walk(_trace_id) w
  )
  SELECT
    array_agg(walk.span_id ORDER BY walk.place), array_agg(walk.parent_span_id ORDER BY walk.place),
    array_agg(walk.parent_place ORDER BY walk.place), array_agg(walk.operation_id ORDER BY walk.place),
    array_agg(walk.start_ns ORDER BY walk.place), array_agg(walk.end_ns ORDER BY walk.place),
    array_agg(walk.place ORDER BY walk.end_ns, walk.start_ns DESC, walk.place),
    coalesce(min(walk.place) FILTER (WHERE walk.parent_span_id IS NULL), 1)
  INTO ids, parent_ids, parents, operations, starts, ends, by_end, root
  FROM walk;
  IF ids IS NULL THEN RETURN; END IF;

  -- A child counts where it lies inside of its parent, as far as that itself counts.
  FOR i IN 1..cardinality(ids) LOOP
    IF parents[i] <> 0 THEN
      starts[i] := greatest(starts[i], starts[parents[i]]);
      ends[i] := greatest(least(ends[i], ends[parents[i]]), starts[i]);
    END IF;
  END LOOP;
  settled := ends;
  next_child := array_fill(0, ARRAY[cardinality(ids)]);
  next_sibling := next_child;
  FOREACH i IN ARRAY by_end LOOP
    IF parents[i] <> 0 AND starts[i] < ends[i] THEN
      next_sibling[i] := next_child[parents[i]];
      next_child[parents[i]] := i;
    END IF;
  END LOOP;

  way[1] := root;
  WHILE depth > 0 LOOP
    i := way[depth];
    c := next_child[i];
    -- A child that was still at work is not what the span waited for then.
    WHILE c <> 0 AND ends[c] > settled[i] LOOP
      c := next_sibling[c];
    END LOOP;
    section_from := CASE WHEN c = 0 THEN starts[i] ELSE ends[c] END;
    IF section_from < settled[i] THEN
      section_count := section_count + 1;
      section_ids[section_count] := ids[i];
      section_parents[section_count] := parent_ids[i];
      section_operations[section_count] := operations[i];
      section_starts[section_count] := section_from;
      section_ends[section_count] := settled[i];
    END IF;
    IF c = 0 THEN
      depth := depth - 1;
    ELSE
      next_child[i] := next_sibling[c];
      settled[i] := starts[c];
      depth := depth + 1;
      way[depth] := c;
    END IF;
  END LOOP;

  RETURN QUERY
    SELECT
      _trace_id, s.id, s.parent_id, o.service_name, o.span_name,
      tracestore.timestamp_of(s.start_ns), tracestore.timestamp_of(s.end_ns), s.start_ns, s.end_ns,
      (s.end_ns - s.start_ns) / 1e6::float8
    FROM unnest(section_ids, section_parents, section_operations, section_starts, section_ends)
      AS s (id, parent_id, operation_id, start_ns, end_ns)
    LEFT JOIN tracestore.operation o ON o.id = s.operation_id
    ORDER BY s.start_ns;
END
$$;
COMMENT ON FUNCTION ps_trace.critical_path IS 'What a trace took its time for, as Jaeger draws it: sections that follow each other from the start of the root to its end, each with the span that was at work. From the end of a span backwards, its time is that of the child that ends last, from there on that of the one that ends last before that one starts, and so on; what is left is its own. Children count where they lie inside of their parent; those that start after its end do not. Of several roots the first without a parent counts';

CREATE FUNCTION tracestore.otlp_value(p_value jsonb) RETURNS json
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE jsonb_typeof(p_value)
    WHEN 'string' THEN RETURN json_build_object('stringValue', p_value);
    WHEN 'boolean' THEN RETURN json_build_object('boolValue', p_value);
    WHEN 'number' THEN
      RETURN CASE
        WHEN strpos(p_value::text, '.') > 0 THEN json_build_object('doubleValue', p_value)
        ELSE json_build_object('intValue', p_value::text)
      END;
    WHEN 'array' THEN
      RETURN json_build_object('arrayValue', json_build_object('values', (
        SELECT coalesce(json_agg(tracestore.otlp_value(e.value) ORDER BY e.nr), '[]')
        FROM jsonb_array_elements(p_value) WITH ORDINALITY AS e (value, nr)
      )));
    WHEN 'object' THEN
      IF p_value ?| ARRAY['bytesValue', 'doubleValue', 'kvlistValue'] AND (SELECT count(*) FROM jsonb_object_keys(p_value)) = 1 THEN
        RETURN CASE
          WHEN p_value ? 'kvlistValue' THEN
            json_build_object('kvlistValue', json_build_object('values', tracestore.otlp_attributes(p_value -> 'kvlistValue')))
          -- The one number that jsonb has no room for.
          WHEN p_value = '{"doubleValue": "-0"}' THEN '{"doubleValue": -0.0}'::json
          ELSE p_value::json
        END;
      END IF;
      RETURN json_build_object('kvlistValue', json_build_object('values', tracestore.otlp_attributes(p_value)));
    ELSE RETURN '{}'::json;
  END CASE;
END
$$;
COMMENT ON FUNCTION tracestore.otlp_value IS 'A value of an attribute as OTLP/JSON has it';

CREATE FUNCTION tracestore.otlp_attributes(p_attributes jsonb) RETURNS json
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN (
    SELECT coalesce(
      json_agg(json_build_object('key', a.key, 'value', CASE jsonb_typeof(a.value)
        -- What most values are, without a call for each.
        WHEN 'string' THEN json_build_object('stringValue', a.value)
        ELSE tracestore.otlp_value(a.value)
      END)),
      '[]'
    )
    FROM jsonb_each(p_attributes) a
  );
END
$$;
COMMENT ON FUNCTION tracestore.otlp_attributes IS 'Attributes as OTLP/JSON has them, an array of keys and values';

CREATE FUNCTION tracestore.uint32(p_stored int4) RETURNS int8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(p_stored, 0)::int8 & 4294967295;
COMMENT ON FUNCTION tracestore.uint32 IS 'The unsigned number whose 32 bits are stored';

-- Fields at their default are written too: to leave them out would be to read the whole document again.
CREATE FUNCTION ps_trace.trace_otlp(_trace_id ps_trace.trace_id) RETURNS json
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH event AS (
    SELECT
      e.span_id, e.span_instance, e.span_start_time,
      json_agg(
        json_build_object(
          'timeUnixNano', tracestore.unix_nano(e.time, e.time_nanos)::text,
          'name', e.name,
          'attributes', tracestore.otlp_attributes(e.attributes),
          'droppedAttributesCount', tracestore.uint32(e.dropped_attributes_count)
        ) ORDER BY e.event_nbr
      ) AS events
    FROM tracestore.event e
    WHERE e.trace_id = _trace_id::uuid
    GROUP BY e.span_id, e.span_instance, e.span_start_time
  ),
  link AS (
    SELECT
      k.span_id, k.span_instance, k.span_start_time,
      json_agg(
        json_build_object(
          'traceId', coalesce(replace(k.linked_trace_id::text, '-', ''), ''),
          'spanId', coalesce(lpad(to_hex(k.linked_span_id), 16, '0'), ''),
          'traceState', coalesce(k.trace_state, ''),
          'attributes', tracestore.otlp_attributes(k.attributes),
          'droppedAttributesCount', tracestore.uint32(k.dropped_attributes_count),
          'flags', tracestore.uint32(k.flags)
        ) ORDER BY k.link_nbr
      ) AS links
    FROM tracestore.link k
    WHERE k.trace_id = _trace_id::uuid
    GROUP BY k.span_id, k.span_instance, k.span_start_time
  ),
  scope_spans AS (
    SELECT
      s.resource_id, s.scope_id, min(s.start_time) AS start_time,
      json_agg(
        json_build_object(
          'traceId', replace(s.trace_id::text, '-', ''),
          'spanId', lpad(to_hex(s.span_id), 16, '0'),
          'traceState', coalesce(s.trace_state, ''),
          'parentSpanId', coalesce(lpad(to_hex(s.parent_span_id), 16, '0'), ''),
          'flags', tracestore.uint32(s.flags),
          'name', coalesce(o.span_name, ''),
          'kind', coalesce(o.span_kind, 0),
          'startTimeUnixNano', tracestore.unix_nano(s.start_time, s.start_nanos)::text,
          'endTimeUnixNano', tracestore.unix_nano(s.end_time, s.end_nanos)::text,
          'attributes', tracestore.otlp_attributes(s.attributes),
          'droppedAttributesCount', tracestore.uint32(s.dropped_attributes_count),
          'events', coalesce(e.events, '[]'),
          'droppedEventsCount', tracestore.uint32(s.dropped_events_count),
          'links', coalesce(k.links, '[]'),
          'droppedLinksCount', tracestore.uint32(s.dropped_links_count),
          'status', json_build_object('code', coalesce(s.status_code, 0), 'message', coalesce(s.status_message, ''))
        ) ORDER BY s.start_time, s.start_nanos, s.instance
      ) AS spans
    FROM tracestore.span s
    LEFT JOIN tracestore.operation o ON o.id = s.operation_id
    LEFT JOIN event e ON e.span_id = s.span_id AND e.span_instance = s.instance AND e.span_start_time = s.start_time
    LEFT JOIN link k ON k.span_id = s.span_id AND k.span_instance = s.instance AND k.span_start_time = s.start_time
    WHERE s.trace_id = _trace_id::uuid
    GROUP BY s.resource_id, s.scope_id
  ),
  resource_spans AS (
    SELECT
      t.resource_id, min(t.start_time) AS start_time,
      json_agg(
        json_build_object(
          'scope', json_build_object(
            'name', coalesce(c.name, ''),
            'version', coalesce(c.version, ''),
            'attributes', tracestore.otlp_attributes(c.attributes),
            'droppedAttributesCount', tracestore.uint32(c.dropped_attributes_count)
          ),
          'spans', t.spans,
          'schemaUrl', coalesce(c.schema_url, '')
        ) ORDER BY t.start_time, t.scope_id
      ) AS scope_spans
    FROM scope_spans t
    LEFT JOIN tracestore.scope c ON c.id = t.scope_id
    GROUP BY t.resource_id
  )
  SELECT json_build_object('resourceSpans', coalesce(
    json_agg(
      json_build_object(
        'resource', json_build_object(
          'attributes', tracestore.otlp_attributes(r.attributes),
          'droppedAttributesCount', tracestore.uint32(r.dropped_attributes_count),
          'entityRefs', coalesce(r.entity_refs, '[]')
        ),
        'scopeSpans', t.scope_spans,
        'schemaUrl', coalesce(r.schema_url, '')
      ) ORDER BY t.start_time, t.resource_id
    ),
    '[]'
  ))
  FROM resource_spans t
  LEFT JOIN tracestore.resource r ON r.id = t.resource_id;
END;
COMMENT ON FUNCTION ps_trace.trace_otlp IS 'A whole trace as one document of OTLP/JSON, as it can be sent to any receiver: ids in hex, times as text, enumerations as numbers. Without spans where the trace is not known';

CREATE VIEW ps_trace.trace AS
SELECT
  t.trace_id,
  replace(t.trace_id::text, '-', '') AS trace_id_hex,
  o.service_name AS root_service_name,
  o.span_name AS root_span_name,
  t.start_time,
  t.end_time,
  (extract(epoch FROM t.end_time - t.start_time) * 1000)::float8 AS duration_ms,
  t.span_count,
  t.error_count
FROM (
  SELECT
    s.trace_id::ps_trace.trace_id AS trace_id,
    (array_agg(s.operation_id ORDER BY s.parent_span_id IS NOT NULL, s.start_time, s.start_nanos, s.instance))[1] AS operation_id,
    min(s.start_time) AS start_time,
    max(greatest(s.start_time, s.end_time)) AS end_time,
    count(*) AS span_count,
    count(*) FILTER (WHERE s.status_code = 2) AS error_count
  FROM tracestore.span s
  GROUP BY s.trace_id
) t
LEFT JOIN tracestore.operation o ON o.id = t.operation_id;
COMMENT ON VIEW ps_trace.trace IS 'One row a trace. Ask for traces by trace_id: anything else reads every span. For a range of time there is ps_trace.traces';
COMMENT ON COLUMN ps_trace.trace.trace_id IS 'The trace''s 16 bytes';
COMMENT ON COLUMN ps_trace.trace.trace_id_hex IS 'The same in hex, as everything but SQL writes it';
COMMENT ON COLUMN ps_trace.trace.root_service_name IS 'The service of the root: of the earliest span without a parent, or of the earliest span where all have one';
COMMENT ON COLUMN ps_trace.trace.root_span_name IS 'The name of the root';
COMMENT ON COLUMN ps_trace.trace.start_time IS 'When its first span starts';
COMMENT ON COLUMN ps_trace.trace.end_time IS 'When its last span ends';
COMMENT ON COLUMN ps_trace.trace.duration_ms IS 'Milliseconds from start_time to end_time, to the microsecond';
COMMENT ON COLUMN ps_trace.trace.span_count IS 'How many spans it has, of whatever service';
COMMENT ON COLUMN ps_trace.trace.error_count IS 'How many of them have the status error';

CREATE FUNCTION ps_trace.traces(_start_time_min timestamptz, _start_time_max timestamptz) RETURNS SETOF ps_trace.trace
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT t.trace_id, t.trace_id_hex, t.root_service_name, t.root_span_name, t.start_time, t.end_time, t.duration_ms, t.span_count, t.error_count
  FROM (
    SELECT DISTINCT s.trace_id
    FROM tracestore.span s
    WHERE s.start_time >= _start_time_min AND s.start_time < _start_time_max
  ) asked
  -- OFFSET, so that each trace is looked up, instead of summing all up.
  CROSS JOIN LATERAL (SELECT * FROM ps_trace.trace v WHERE v.trace_id = asked.trace_id OFFSET 0) t;
END;
COMMENT ON FUNCTION ps_trace.traces IS 'Of every trace of which a span starts from _start_time_min to before _start_time_max, what ps_trace.trace says: of the whole trace, whether or not it lies in that range';

-- How long spans are kept. docs/operations.md says whose word counts.
CREATE TABLE tracestore.trace_retention (
  configured interval NOT NULL,
  requested  interval
);
CREATE UNIQUE INDEX trace_retention_is_one_row ON tracestore.trace_retention ((true));
INSERT INTO tracestore.trace_retention (configured) VALUES (interval '30 days');
COMMENT ON TABLE tracestore.trace_retention IS 'For how long spans are kept; one row';
COMMENT ON COLUMN tracestore.trace_retention.configured IS 'What the store that started last was configured to';
COMMENT ON COLUMN tracestore.trace_retention.requested IS 'What set_trace_retention_period was last called with, which counts instead; NULL when it was not, or with NULL';

CREATE FUNCTION ps_trace.get_trace_retention_period() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT coalesce(r.requested, r.configured) FROM tracestore.trace_retention r;
END;
COMMENT ON FUNCTION ps_trace.get_trace_retention_period IS 'For how long spans are kept, by their start';

CREATE FUNCTION ps_trace.set_trace_retention_period(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- In fixed days and hours, as years and months have no length of their own.
  IF make_interval(secs => extract(epoch FROM _trace_retention_period)::float8)
    NOT BETWEEN interval '1 hour' AND make_interval(hours => 36500 * 24)
  THEN
    RAISE EXCEPTION 'a retention period is at least 1 hour and at most 36500 days, not %', _trace_retention_period
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE tracestore.trace_retention SET requested = _trace_retention_period;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.set_trace_retention_period IS 'Sets for how long spans are kept, by their start, at least an hour; always true. It counts instead of what the store is configured to, from the next run of the lifecycle on; NULL gives the word back to the configuration. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.set_trace_retention_period FROM PUBLIC;

CREATE FUNCTION ps_trace.delete_all_traces() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- All at once, so that no figure stays of spans that are gone; in the order in which writers and the count of calls take
  -- their locks. What spans share stays: writers know it by heart.
  EXECUTE (
    SELECT 'TRUNCATE ' || string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname <> 'ledger', c.relname <> 'span', c.relname)
    FROM pg_class c
    WHERE c.relnamespace = 'tracestore'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname NOT IN ('migration', 'trace_retention', 'call_state', 'resource', 'scope', 'operation')
  );
END
$$;
COMMENT ON FUNCTION ps_trace.delete_all_traces IS 'Deletes every span, event and link and all figures of them, while stores may run. Services and operations are forgotten with time, as those that nobody uses any more always are. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.delete_all_traces FROM PUBLIC;

-- Promscale's private tables, as far as its dashboards look into them.
CREATE DOMAIN ps_trace.tag_k AS text;
COMMENT ON DOMAIN ps_trace.tag_k IS 'The key of a tag';
CREATE DOMAIN _ps_trace.tag_v AS jsonb;
COMMENT ON DOMAIN _ps_trace.tag_v IS 'The value of a tag';
CREATE DOMAIN ps_trace.tag_type AS int2;
COMMENT ON DOMAIN ps_trace.tag_type IS 'Where a tag is used, as a sum: 1 in spans, 2 in resources, 4 in events, 8 in links';

CREATE FUNCTION tracestore.tag_id(p_key text, p_value jsonb) RETURNS int8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(p_value::text, hashtextextended(p_key, 0));
COMMENT ON FUNCTION tracestore.tag_id IS 'An id made of the content, as there is no table of tags';

CREATE FUNCTION tracestore.recent_tags() RETURNS TABLE (key text, value jsonb)
-- By the index of times: the planner would rather read a day from its beginning, as if the last hour were spread over it.
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 SECURITY DEFINER SET enable_seqscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT DISTINCT a.key, a.value
  FROM (SELECT s.attributes FROM tracestore.span s WHERE s.start_time > now() - interval '1 hour' LIMIT 2000) recent
  CROSS JOIN LATERAL jsonb_each(recent.attributes) a
  WHERE length(a.value::text) < 1000
  LIMIT 10000;
END;
COMMENT ON FUNCTION tracestore.recent_tags IS 'Attributes of some spans of the last hour';

CREATE VIEW _ps_trace.operation AS
SELECT
  o.id,
  tracestore.tag_id('service.name', to_jsonb(o.service_name)) AS service_name_id,
  tracestore.span_kind(o.span_kind) AS span_kind,
  o.span_name
FROM tracestore.operation o;
COMMENT ON VIEW _ps_trace.operation IS 'What services do, in the shape of Promscale''s private table';
COMMENT ON COLUMN _ps_trace.operation.id IS 'As operation_calls gives it';
COMMENT ON COLUMN _ps_trace.operation.service_name_id IS 'The id in _ps_trace.tag of the service''s name';
COMMENT ON COLUMN _ps_trace.operation.span_kind IS 'The kind of its spans';
COMMENT ON COLUMN _ps_trace.operation.span_name IS 'The name of its spans';

CREATE VIEW _ps_trace.tag AS
SELECT
  tracestore.tag_id(t.key, t.value) AS id,
  t.key_id,
  t.tag_type::ps_trace.tag_type AS tag_type,
  t.key::ps_trace.tag_k AS key,
  t.value::_ps_trace.tag_v AS value
FROM (
  SELECT 1::int8 AS key_id, 2 AS tag_type, 'service.name' AS key, to_jsonb(o.service_name) AS value
  FROM (SELECT DISTINCT service_name FROM tracestore.operation) o
  UNION ALL
  SELECT 1000 + (hashtext(r.key) & 2147483647)::int8, 2, r.key, r.value
  FROM (
    SELECT DISTINCT a.key, a.value FROM tracestore.resource d CROSS JOIN LATERAL jsonb_each(d.attributes) a WHERE a.key <> 'service.name'
  ) r
  UNION ALL
  SELECT 1000 + (hashtext(s.key) & 2147483647)::int8, 1, s.key, s.value
  FROM tracestore.recent_tags() s
) t;
COMMENT ON VIEW _ps_trace.tag IS 'Keys and values of tags, in the shape of Promscale''s private table: all of resources, and of spans some of the last hour, as there is no list of those. A tag of both is there twice';
COMMENT ON COLUMN _ps_trace.tag.id IS 'Made of key and value';
COMMENT ON COLUMN _ps_trace.tag.key_id IS '1 for service.name, else made of the key';
COMMENT ON COLUMN _ps_trace.tag.tag_type IS '1: a tag of spans, 2: of resources';
COMMENT ON COLUMN _ps_trace.tag.key IS 'The key';
COMMENT ON COLUMN _ps_trace.tag.value IS 'The value';

-- What TimescaleDB and its toolkit have, for where they are not: in a search_path that ends with ps_trace, theirs come
-- first.
CREATE FUNCTION tracestore.month_bucket(p_months int4, p_time timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
  '2000-01-01'::timestamp + make_interval(months => p_months * floor(
    ((extract(year FROM p_time AT TIME ZONE 'UTC') - 2000) * 12 + extract(month FROM p_time AT TIME ZONE 'UTC') - 1) / p_months
  )::int4)
) AT TIME ZONE 'UTC';
COMMENT ON FUNCTION tracestore.month_bucket IS 'The start of the months in UTC that a time lies in, counted from 2000';

CREATE FUNCTION ps_trace.time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width) > 0
    AND bucket_width = make_interval(months => (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width))::int4)
    THEN tracestore.month_bucket((extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width))::int4, ts)
  -- A Monday, so that weeks begin on one.
  ELSE date_bin(bucket_width, ts, '2000-01-03 00:00:00+00'::timestamptz)
END;
COMMENT ON FUNCTION ps_trace.time_bucket IS 'The start of the slot of bucket_width that ts lies in, as TimescaleDB counts them: from Monday, 2000-01-03, in UTC; months and years from 2000-01-01. A stand-in for where TimescaleDB is not';

CREATE FUNCTION ps_trace.time_bucket_gapfill(bucket_width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ps_trace.time_bucket(bucket_width, ts);
COMMENT ON FUNCTION ps_trace.time_bucket_gapfill IS 'As time_bucket. A stand-in for where TimescaleDB is not: slots in which nothing happened have no row, which only TimescaleDB can add';

CREATE FUNCTION tracestore.sorted(p_values float8[]) RETURNS float8[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(v ORDER BY v) FROM unnest(p_values) v WHERE v IS NOT NULL);

CREATE AGGREGATE ps_trace.percentile_agg(float8) (
  SFUNC = array_append, STYPE = float8[], COMBINEFUNC = array_cat, FINALFUNC = tracestore.sorted, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ps_trace.percentile_agg(float8) IS 'All that approx_percentile needs to know of a group''s values: here these themselves, sorted, without NULL; 8 bytes each, so at most 130 million. A stand-in for where TimescaleDB''s toolkit is not';

CREATE FUNCTION ps_trace.approx_percentile(percentile float8, sketch float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  -- Between two values, as percentile_cont has it.
  rank float8 := percentile * (cardinality(sketch) - 1) + 1;
  below float8 := sketch[floor(rank)::int4];
BEGIN
  IF percentile NOT BETWEEN 0 AND 1 THEN
    RAISE EXCEPTION 'a percentile is from 0 to 1, not %', percentile USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  RETURN CASE WHEN rank = floor(rank) THEN below ELSE below + (sketch[ceil(rank)::int4] - below) * (rank - floor(rank)) END;
END
$$;
COMMENT ON FUNCTION ps_trace.approx_percentile IS 'The value below which this share, from 0 to 1, of what percentile_agg was given lies. Exact, as percentile_cont is; NULL without values. A stand-in for where TimescaleDB''s toolkit is not, whose answers are within 0.1 %';
