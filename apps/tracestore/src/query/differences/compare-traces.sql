-- Returns the attributes that differ between two sets of traces: see ps_trace.attribute_differences.
-- :'inside'     the traces of the selection.
-- :'outside'    the other traces.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
-- :'traces'     how many traces of each set to read.
SELECT
  level, key, value::text AS value,
  number_min, number_max,
  inside_count::int4 AS inside, inside_total::int4 AS inside_total,
  outside_count::int4 AS outside, outside_total::int4 AS outside_total,
  effect, p_value, q_value
FROM ps_trace.attribute_differences(
  :'inside'::uuid[]::ps_trace.trace_id[], :'outside'::uuid[]::ps_trace.trace_id[],
  :'start_min'::timestamptz, :'start_max'::timestamptz + interval '1 microsecond', :'traces'::int4
)
