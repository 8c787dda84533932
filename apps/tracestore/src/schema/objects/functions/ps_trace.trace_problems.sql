-- Every problem comes from one read of the trace. Kinship is that of tracestore.trace_walk: of spans with the same id, the
-- first has the children.
--
-- A clock belongs to a host; where the resource names none, to an instance of a service. Two clocks differ only if the order
-- of cause and effect is violated: a span starts before its parent, or starts after the call that made it has succeeded. A
-- span that only ends after its parent is no proof, because it may work on. For messages the order is not certain either, so
-- producers and consumers do not count. Each call bounds the difference of the two clocks: the child must lie within its
-- parent. The estimate is the middle of what all calls allow; where they contradict each other, the median of the nine
-- calls with the narrowest bounds (NTP takes the sample with the smallest delay for the same reason).
CREATE OR REPLACE FUNCTION ps_trace.trace_problems(_trace_id ps_trace.trace_id)
RETURNS TABLE (
  kind text, severity text, message text, span_count int8, amount int8, unit text, services text[],
  span_ids int8[], span_ids_hex text[], received_s float8
)
-- No nested loops: the planner does not know how many spans a trace has.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH own AS MATERIALIZED (
    SELECT
      row_number() OVER (ORDER BY s.start_time, s.start_nanos, s.instance)::int4 AS nr,
      s.span_id, s.parent_span_id::int8 AS parent_span_id, s.operation_id::int8 AS operation_id, s.resource_id::int8 AS resource_id,
      s.start_time, s.status_code IS NOT DISTINCT FROM 2 AS is_error,
      tracestore.unix_nano(s.start_time, s.start_nanos) AS start_ns, tracestore.unix_nano(s.end_time, s.end_nanos) AS end_ns,
      tracestore.uint32(s.dropped_attributes_count) AS dropped_attributes,
      tracestore.uint32(s.dropped_events_count) AS dropped_events,
      tracestore.uint32(s.dropped_links_count) AS dropped_links,
      s.attributes ?| ARRAY['db.system.name', 'db.system'] AS is_database_call,
      s.attributes ?| ARRAY['gen_ai.operation.name', 'gen_ai.system'] AS is_model_call,
      -- What a call is for, besides its operation: the server, the statement without its values, the start of the path.
      hashtextextended(concat_ws(
        E'\n',
        coalesce(s.attributes ->> 'server.address', s.attributes ->> 'net.peer.name', s.attributes ->> 'peer.service'),
        regexp_replace(
          left(coalesce(s.attributes ->> 'db.query.text', s.attributes ->> 'db.statement'), 300), '''[^'']*''|\d+', '?', 'g'
        ),
        substring(left(coalesce(s.attributes ->> 'url.full', s.attributes ->> 'http.url'), 300) FROM '^[^/]*//[^/]*/[^/?#]*')
      ), 0) AS target
    FROM (
      -- Named, because a function depends on every column of a *, and a later table file could not drop it.
      SELECT
        span_id, parent_span_id, operation_id, resource_id, instance, start_time, start_nanos, end_time, end_nanos, status_code,
        dropped_attributes_count, dropped_events_count, dropped_links_count, attributes
      FROM tracestore.span
      WHERE trace_id = _trace_id::uuid
      LIMIT 200001
    ) s
  ),
  whole AS MATERIALIZED (
    SELECT
      count(*) AS spans, min(own.start_time) AS start_min, max(own.start_time) AS start_max,
      max(greatest(own.start_ns, own.end_ns)) - min(own.start_ns) AS duration_ns
    FROM own
  ),
  named AS (SELECT own.span_id, min(own.nr) AS nr FROM own GROUP BY own.span_id),
  clock AS (
    SELECT
      r.id,
      coalesce(
        nullif(r.attributes ->> 'k8s.node.name', ''), nullif(r.attributes ->> 'host.id', ''), nullif(r.attributes ->> 'host.name', '')
      ) AS host,
      coalesce(r.attributes ->> 'service.instance.id', '') AS instance
    FROM tracestore.resource r
    WHERE r.id IN (SELECT own.resource_id FROM own)
  ),
  span AS MATERIALIZED (
    SELECT
      own.*, coalesce(named.nr, 0) AS parent_nr, coalesce(o.span_kind, 0) AS span_kind,
      left(coalesce(o.service_name, ''), 100) AS service_name, left(coalesce(o.span_name, ''), 100) AS span_name,
      left(coalesce(o.service_name, ''), 100) || coalesce(' (' || left(clock.host, 100) || ')', '') AS clock_label,
      coalesce('host ' || clock.host, 'service ' || coalesce(o.service_name, '') || E'\n' || coalesce(clock.instance, '')) AS clock
    FROM own
    LEFT JOIN named ON named.span_id = own.parent_span_id
    LEFT JOIN tracestore.operation o ON o.id = own.operation_id
    LEFT JOIN clock ON clock.id = own.resource_id
    WHERE (SELECT whole.spans FROM whole) <= 200000
  ),
  -- With a clock that is behind, the span that starts first can be the child of another one.
  first_span AS (SELECT span.* FROM span ORDER BY span.parent_nr > 0, span.nr LIMIT 1),
  root AS MATERIALIZED (SELECT span.* FROM span WHERE span.parent_span_id IS NULL),

  incomplete AS (
    SELECT
      count(*) AS spans, count(DISTINCT span.parent_span_id) AS parents, array_agg(DISTINCT span.service_name) AS services,
      (array_agg(span.span_id ORDER BY span.nr))[1:1000] AS ids
    FROM span
    WHERE span.parent_span_id IS NOT NULL AND span.parent_nr = 0
  ),
  cyclic AS (
    SELECT
      count(*) AS spans, array_agg(DISTINCT span.service_name) AS services, (array_agg(span.span_id ORDER BY span.nr))[1:1000] AS ids
    FROM span
    WHERE span.nr IN (
      SELECT tracestore.cycle_spans((SELECT array_agg(each.parent_nr ORDER BY each.nr) FROM span each))
    )
  ),
  -- Zipkin gives the client's and the server's span of a call the same id, which is right.
  shared_id AS (
    SELECT span.span_id, count(*) AS spans, min(span.nr) AS nr, array_agg(DISTINCT span.service_name) AS services
    FROM span
    GROUP BY span.span_id
    HAVING count(*) > 1 AND NOT (count(*) = 2 AND min(span.span_kind) = 2 AND max(span.span_kind) = 3)
  ),
  lossy AS (
    SELECT
      count(*) AS spans, sum(span.dropped_attributes)::int8 AS attributes, sum(span.dropped_events)::int8 AS events,
      sum(span.dropped_links)::int8 AS links, array_agg(DISTINCT span.service_name) AS services,
      (array_agg(span.span_id ORDER BY span.nr))[1:1000] AS ids
    FROM span
    WHERE span.dropped_attributes > 0 OR span.dropped_events > 0 OR span.dropped_links > 0
  ),
  reversed AS (
    SELECT
      count(*) AS spans, max(span.start_ns - span.end_ns) AS longest_ns, array_agg(DISTINCT span.service_name) AS services,
      (array_agg(span.span_id ORDER BY span.nr))[1:1000] AS ids
    FROM span
    WHERE span.end_ns < span.start_ns
  ),
  hidden AS (
    SELECT
      count(*) AS spans, array_agg(DISTINCT span.service_name) AS services, (array_agg(span.span_id ORDER BY span.nr))[1:1000] AS ids
    FROM span
    WHERE span.is_error AND (SELECT count(*) > 0 AND NOT bool_or(root.is_error) FROM root)
  ),

  -- A call from one clock to another: the bounds of the time to add to the child's clock.
  crossing AS (
    SELECT
      parent.clock AS parent_clock, child.clock, parent.clock_label AS parent_label, child.clock_label AS label,
      parent.service_name AS parent_service_name, child.service_name, child.span_id, child.nr,
      parent.start_ns - child.start_ns AS least_ns, parent.end_ns - child.end_ns AS most_ns,
      parent.start_ns - child.start_ns > 2000000 AS is_early,
      parent.span_kind = 3 AND child.span_kind = 2 AND NOT parent.is_error AND child.start_ns - parent.end_ns > 2000000 AS is_late
    FROM span child
    JOIN span parent ON parent.nr = child.parent_nr
    WHERE parent.clock <> child.clock AND parent.span_kind <> 4 AND child.span_kind <> 5
      AND parent.end_ns >= parent.start_ns AND child.end_ns >= child.start_ns
  ),
  ranked_crossing AS (
    SELECT
      crossing.*,
      row_number() OVER (
        PARTITION BY crossing.parent_clock, crossing.clock, crossing.parent_label, crossing.label
        ORDER BY crossing.most_ns < crossing.least_ns, crossing.most_ns - crossing.least_ns
      ) AS narrow_rank
    FROM crossing
  ),
  skew AS (
    SELECT
      x.parent_label, x.label, x.parent_service_name, x.service_name,
      count(*) AS calls, count(*) FILTER (WHERE x.is_early) AS early, count(*) FILTER (WHERE x.is_late) AS late,
      round(coalesce(
        CASE WHEN max(x.least_ns) FILTER (WHERE x.least_ns <= x.most_ns) <= min(x.most_ns) FILTER (WHERE x.least_ns <= x.most_ns) THEN
          (max(x.least_ns) FILTER (WHERE x.least_ns <= x.most_ns) + min(x.most_ns) FILTER (WHERE x.least_ns <= x.most_ns)) / 2.0::float8
        END,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY (x.least_ns + x.most_ns) / 2.0::float8)
          FILTER (WHERE x.least_ns <= x.most_ns AND x.narrow_rank <= 9),
        -- Every child is longer than its parent: it starts when its parent starts.
        percentile_cont(0.5) WITHIN GROUP (ORDER BY x.least_ns::float8)
      ))::int8 AS correction_ns,
      (array_agg(x.span_id ORDER BY x.nr))[1:1000] AS ids
    FROM ranked_crossing x
    GROUP BY x.parent_clock, x.clock, x.parent_label, x.label, x.parent_service_name, x.service_name
    HAVING 2 * greatest(count(*) FILTER (WHERE x.is_early), count(*) FILTER (WHERE x.is_late)) > count(*)
  ),

  call AS (
    SELECT
      span.parent_nr, span.operation_id, span.target, span.nr, span.span_id, span.service_name, span.span_name, span.start_ns, span.end_ns,
      max(span.end_ns) OVER (
        PARTITION BY span.parent_nr, span.operation_id, span.target ORDER BY span.start_ns, span.nr
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before_ns
    FROM span
    WHERE span.parent_nr > 0 AND (span.span_kind = 3 OR span.is_database_call) AND NOT span.is_model_call
  ),
  repeated AS (
    SELECT
      call.parent_nr, min(call.service_name) AS service_name, min(call.span_name) AS span_name, count(*) AS calls,
      sum(call.end_ns - call.start_ns)::int8 AS sum_ns, (array_agg(call.span_id ORDER BY call.nr))[1:1000] AS ids
    FROM call
    GROUP BY call.parent_nr, call.operation_id, call.target
    HAVING count(*) >= 5 AND bool_and(call.end_ns >= call.start_ns AND (call.before_ns IS NULL OR call.start_ns >= call.before_ns))
  ),

  found (place, kind, severity, message, span_count, amount, unit, services, ids, is_incomplete) AS (
    SELECT
      0, 'not_checked', 'info', 'The trace has more than 200000 spans and was not checked',
      whole.spans, NULL::int8, NULL::text, ARRAY[]::text[], ARRAY[]::int8[], false
    FROM whole
    WHERE whole.spans > 200000
    UNION ALL
    SELECT
      1, 'parent_cycle', 'error',
      format('%s that %s own ancestor', CASE c.spans WHEN 1 THEN '1 span names a parent so' ELSE c.spans || ' spans name parents so' END,
        CASE c.spans WHEN 1 THEN 'it is its' ELSE 'each is its' END),
      c.spans, NULL, NULL, c.services, c.ids, false
    FROM cyclic c
    WHERE c.spans > 0
    UNION ALL
    SELECT
      2, 'ends_before_start', 'error',
      format('%s before %s start, by up to %s', CASE r.spans WHEN 1 THEN '1 span ends' ELSE r.spans || ' spans end' END,
        CASE r.spans WHEN 1 THEN 'its' ELSE 'their' END, tracestore.duration_text(r.longest_ns)),
      r.spans, r.longest_ns, 'ns', r.services, r.ids, false
    FROM reversed r
    WHERE r.spans > 0
    UNION ALL
    SELECT
      3, 'no_root', 'warning', format('No root: every span names a parent. The first span is %s: %s', f.service_name, f.span_name),
      1, NULL, NULL, ARRAY[f.service_name], ARRAY[f.span_id], true
    FROM first_span f
    WHERE NOT EXISTS (SELECT FROM root)
    UNION ALL
    SELECT
      4, 'missing_parent', 'warning',
      format('%s not stored: %s missing',
        CASE i.spans WHEN 1 THEN 'The parent of 1 span is' ELSE 'The parents of ' || i.spans || ' spans are' END,
        CASE i.parents WHEN 1 THEN '1 span is' ELSE i.parents || ' spans are' END),
      i.spans, i.parents, 'count', i.services, i.ids, true
    FROM incomplete i
    WHERE i.spans > 0
    UNION ALL
    SELECT * FROM (
      SELECT
        5, 'clock_skew', 'warning',
        format('The clock of %s is %s %s that of %s: %s of %s %s before %s',
          k.label, tracestore.duration_text(abs(k.correction_ns)),
          CASE WHEN k.correction_ns > 0 THEN 'behind' ELSE 'ahead of' END, k.parent_label,
          greatest(k.early, k.late), k.calls,
          CASE WHEN k.correction_ns > 0 THEN CASE k.calls WHEN 1 THEN 'span starts' ELSE 'spans start' END
            ELSE CASE k.calls WHEN 1 THEN 'call returns' ELSE 'calls return' END END,
          CASE WHEN k.correction_ns > 0 THEN CASE k.calls WHEN 1 THEN 'its parent' ELSE 'their parents' END
            ELSE CASE k.calls WHEN 1 THEN 'it arrives' ELSE 'they arrive' END END),
        k.calls, k.correction_ns, 'ns', ARRAY[k.parent_service_name, k.service_name], k.ids, false
      FROM skew k
      ORDER BY abs(k.correction_ns) DESC, k.parent_label, k.label
      LIMIT 20
    ) AS skewed
    UNION ALL
    SELECT
      6, 'duplicate_span_id', 'warning',
      format('%s more than one span', CASE count(*) WHEN 1 THEN '1 span ID belongs to' ELSE count(*) || ' span IDs belong to' END),
      sum(d.spans)::int8, sum(d.spans - 1)::int8, 'count',
      ARRAY(SELECT DISTINCT unnest(each.services) FROM shared_id each ORDER BY 1), (array_agg(d.span_id ORDER BY d.nr))[1:1000], false
    FROM shared_id d
    HAVING count(*) > 0
    UNION ALL
    SELECT
      7, 'dropped_data', 'warning',
      format('The sender dropped %s of %s', array_to_string(array_remove(ARRAY[
          CASE l.attributes WHEN 0 THEN NULL WHEN 1 THEN '1 attribute' ELSE l.attributes || ' attributes' END,
          CASE l.events WHEN 0 THEN NULL WHEN 1 THEN '1 event' ELSE l.events || ' events' END,
          CASE l.links WHEN 0 THEN NULL WHEN 1 THEN '1 link' ELSE l.links || ' links' END
        ], NULL), ', '), CASE l.spans WHEN 1 THEN '1 span' ELSE l.spans || ' spans' END),
      l.spans, l.attributes + l.events + l.links, 'count', l.services, l.ids, false
    FROM lossy l
    WHERE l.spans > 0
    UNION ALL
    SELECT * FROM (
      SELECT
        8, 'repeated_calls', 'info',
        format('%s × %s in sequence, %s: %s %% of %s', r.calls, r.span_name, tracestore.duration_text(r.sum_ns),
          round(100.0 * r.sum_ns / (parent.end_ns - parent.start_ns)), parent.span_name),
        r.calls, r.sum_ns, 'ns', ARRAY[r.service_name], r.ids, false
      FROM repeated r
      JOIN span parent ON parent.nr = r.parent_nr
      WHERE parent.end_ns > parent.start_ns AND r.sum_ns >= 0.1 * (parent.end_ns - parent.start_ns)
        AND r.sum_ns >= 0.05 * (SELECT whole.duration_ns FROM whole)
      ORDER BY r.sum_ns DESC, r.parent_nr
      LIMIT 20
    ) AS repetition
    UNION ALL
    SELECT
      9, 'several_roots', 'info', format('%s spans have no parent', count(*)),
      count(*), count(*), 'count', array_agg(DISTINCT root.service_name), (array_agg(root.span_id ORDER BY root.nr))[1:1000], false
    FROM root
    HAVING count(*) > 1
    UNION ALL
    SELECT
      10, 'hidden_errors', 'info',
      format('%s, but the root did not', CASE h.spans WHEN 1 THEN '1 span failed' ELSE h.spans || ' spans failed' END),
      h.spans, h.spans, 'count', h.services, h.ids, false
    FROM hidden h
    WHERE h.spans > 0
  )
  SELECT
    f.kind, f.severity, f.message, f.span_count, f.amount, f.unit, f.services[1:20], f.ids,
    ARRAY(SELECT lpad(to_hex(id.value), 16, '0') FROM unnest(f.ids) WITH ORDINALITY AS id (value, place) ORDER BY id.place),
    CASE WHEN f.is_incomplete THEN (
      SELECT tracestore.seconds_since_receipt(_trace_id, whole.start_min, whole.start_max, interval '10 minutes') FROM whole
    ) END
  FROM found f
  ORDER BY f.place, abs(f.amount) DESC NULLS LAST;
END;
COMMENT ON FUNCTION ps_trace.trace_problems IS 'The problems of a trace, one row each; no rows for a good trace. kind: parent_cycle, ends_before_start, no_root, missing_parent, clock_skew, duplicate_span_id, dropped_data, repeated_calls, several_roots, hidden_errors, or not_checked for more than 200000 spans. severity: error, warning or info. span_ids: the first 1000 of span_count spans. amount: the extent, in unit (ns or count). For clock_skew it is the time to add to the clock of the second of services. received_s: seconds since the newest span of an incomplete trace was received, NULL after ten minutes';
