-- Returns events of a trace in the order of time, a page at a time: after a position, of events with equal times by span.
-- Attributes are cut: the first ones by key, and a long value is the start of its text.
-- :'trace_id'           the trace.
-- :'start_min'          the first start of a span.
-- :'start_max'          the last start of a span.
-- :'after_time'         the position: the time of an event, with the next four names.
-- :'after_nanos'        its nanoseconds.
-- :'after_span_id'      the id of its span, as a signed number.
-- :'after_instance'     the instance of its span.
-- :'after_event'        its number in its span.
-- :'row_count'          the most events.
-- :'attribute_count'    the most attributes of an event.
-- :'attribute_length'   the most characters of a value.
SELECT
  e.span_id,
  (extract(epoch FROM e.time) * 1000000)::int8 AS time_us,
  e.time_nanos,
  e.span_instance,
  e.event_nbr,
  left(e.name, 1000) AS name,
  cut.attributes::text AS attributes,
  cut.is_cut
FROM (
  SELECT *
  FROM tracestore.event
  WHERE trace_id = :'trace_id'::uuid AND span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    AND (time, time_nanos, span_id, span_instance, event_nbr) >
      (:'after_time'::timestamptz, :'after_nanos'::int2, :'after_span_id'::int8, :'after_instance'::int4, :'after_event'::int4)
  ORDER BY time, time_nanos, span_id, span_instance, event_nbr
  LIMIT :'row_count'::int4
) AS e
CROSS JOIN LATERAL (
  SELECT
    coalesce(jsonb_object_agg(a.key, CASE WHEN a.is_long THEN to_jsonb(left(a.value #>> '{}', :'attribute_length'::int4)) ELSE a.value END), '{}') AS attributes,
    coalesce(bool_or(a.is_long), false) OR (SELECT count(*) FROM jsonb_object_keys(e.attributes)) > :'attribute_count'::int4 AS is_cut
  FROM (
    SELECT each.key, each.value, length(each.value::text) > :'attribute_length'::int4 AS is_long
    FROM jsonb_each(e.attributes) AS each
    ORDER BY each.key
    LIMIT :'attribute_count'::int4
  ) AS a
) AS cut
ORDER BY e.time, e.time_nanos, e.span_id, e.span_instance, e.event_nbr
