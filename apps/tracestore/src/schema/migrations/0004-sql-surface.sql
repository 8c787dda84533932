-- What can be asked about traces beyond the rows of the views: self time.

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
