-- Returns the events of spans at any time, as the cursor import_spans returns those of an hour.
-- :'trace_ids'  the spans' trace ids.
-- :'span_ids'   their span ids, in the same order.
SELECT
  trace_id::uuid AS trace_id,
  span_id::text AS span_id,
  json_agg(
    json_build_array(
      event_nbr,
      (extract(epoch FROM time) * 1000000)::int8::text,
      name,
      tags::jsonb,
      dropped_tags_count
    )
    ORDER BY event_nbr, time
  ) AS events
FROM _ps_trace.event
WHERE (trace_id::uuid, span_id) IN (SELECT * FROM unnest(:'trace_ids'::uuid[], :'span_ids'::int8[]))
GROUP BY 1, 2;
