CREATE OR REPLACE FUNCTION ps_trace.attribute_differences(
  _inside ps_trace.trace_id[], _outside ps_trace.trace_id[],
  _t_min timestamptz DEFAULT '-infinity', _t_max timestamptz DEFAULT 'infinity', _traces int4 DEFAULT 1000
)
RETURNS TABLE (
  level text, key text, value jsonb, number_min float8, number_max float8,
  inside_count int8, inside_total int8, outside_count int8, outside_total int8,
  inside_share float8, outside_share float8, effect float8, p_value float8, q_value float8
)
LANGUAGE plpgsql STABLE STRICT ROWS 100 SECURITY DEFINER
SET jit = off SET enable_bitmapscan = off SET work_mem = '64MB' SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- ADR 22 gives the reasons for these numbers.
  max_spans CONSTANT int4 := 100;
  max_events CONSTANT int4 := 100;
  max_length CONSTANT int4 := 200;
  -- The size of a jsonb string of max_length bytes.
  max_size CONSTANT int4 := max_length + 12;
  max_numbers CONSTANT int4 := 20;
  max_rows CONSTANT int4 := 200;
  ln_least_p CONSTANT float8 := ln(0.001::float8);
  least_effect CONSTANT float8 := 0.2;
  false_share CONSTANT float8 := 0.05;
  ln_factorial float8[];
  inside_ids uuid[];
  outside_ids uuid[];
BEGIN
  IF _traces < 1 OR _traces > 5000 THEN
    RAISE EXCEPTION '_traces must be from 1 to 5000, got %', _traces USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Samples by a hash of the id: it is independent of time, of the size of a trace, and of what the trace contains.
  inside_ids := ARRAY(
    SELECT DISTINCT i.id FROM unnest(_inside::uuid[]) AS i (id) WHERE i.id IS NOT NULL
    ORDER BY i.id
  );
  outside_ids := ARRAY(
    SELECT o.id
    FROM (SELECT unnest(_outside::uuid[]) EXCEPT SELECT unnest(inside_ids)) AS o (id)
    WHERE o.id IS NOT NULL
    ORDER BY uuid_hash_extended(o.id, 0), o.id
    LIMIT _traces
  );
  inside_ids := ARRAY(
    SELECT i.id FROM unnest(inside_ids) AS i (id) ORDER BY uuid_hash_extended(i.id, 0), i.id LIMIT _traces
  );
  ln_factorial := ARRAY(
    SELECT sum(ln(greatest(n, 1)::float8)) OVER (ORDER BY n) FROM generate_series(0, 2 * _traces) AS n ORDER BY n
  );
  RETURN QUERY
  WITH trace AS MATERIALIZED (
    -- Traces of the selection have positive numbers, the others negative ones.
    SELECT chosen.number::int4 AS number, chosen.id, times.start_min, times.start_max
    FROM (
      SELECT i.number, i.id FROM unnest(inside_ids) WITH ORDINALITY AS i (id, number)
      UNION ALL
      SELECT -o.number, o.id FROM unnest(outside_ids) WITH ORDINALITY AS o (id, number)
    ) AS chosen
    JOIN tracestore.trace_times(inside_ids || outside_ids) AS times ON times.trace_id = chosen.id
  ),
  span AS MATERIALIZED (
    SELECT t.number, s.operation_id, s.resource_id, s.status_code, s.attributes
    FROM trace t
    CROSS JOIN LATERAL (
      SELECT f.operation_id, f.resource_id, f.status_code, f.attributes
      FROM tracestore.span f
      WHERE f.trace_id = t.id AND f.start_time BETWEEN t.start_min AND t.start_max
        AND f.start_time >= _t_min AND f.start_time < _t_max
      LIMIT max_spans
    ) AS s
  ),
  event AS MATERIALIZED (
    SELECT t.number, e.name, e.attributes
    FROM trace t
    CROSS JOIN LATERAL (
      SELECT f.name, f.attributes
      FROM tracestore.event f
      WHERE f.trace_id = t.id AND f.span_start_time BETWEEN t.start_min AND t.start_max
        AND f.span_start_time >= _t_min AND f.span_start_time < _t_max
      LIMIT max_events
    ) AS e
  ),
  total AS MATERIALIZED (
    SELECT
      (count(*) FILTER (WHERE read.number > 0))::int4 AS inside,
      (count(*) FILTER (WHERE read.number < 0))::int4 AS outside
    FROM (SELECT DISTINCT s.number FROM span s) AS read
  ),
  entry AS (
    SELECT s.number, 'span' AS level, a.key, a.value
    FROM span s
    CROSS JOIN LATERAL jsonb_each(s.attributes) AS a
    UNION ALL
    SELECT of_trace.number, 'resource', a.key, a.value
    FROM (SELECT DISTINCT s.number, s.resource_id FROM span s) AS of_trace
    JOIN tracestore.resource r ON r.id = of_trace.resource_id
    CROSS JOIN LATERAL jsonb_each(r.attributes) AS a
    WHERE a.key <> 'service.name'
    UNION ALL
    SELECT of_trace.number, 'field', a.key, a.value
    FROM (SELECT DISTINCT s.number, s.operation_id FROM span s) AS of_trace
    JOIN tracestore.operation o ON o.id = of_trace.operation_id
    CROSS JOIN LATERAL (
      VALUES
        ('service', to_jsonb(o.service_name)),
        ('operation', to_jsonb(o.span_name)),
        ('kind', to_jsonb(tracestore.span_kind(o.span_kind)))
    ) AS a (key, value)
    UNION ALL
    SELECT of_trace.number, 'field', 'status', to_jsonb(of_trace.status)
    FROM (SELECT DISTINCT s.number, tracestore.status_code(s.status_code) AS status FROM span s) AS of_trace
    UNION ALL
    SELECT e.number, 'field', 'event', to_jsonb(e.name)
    FROM event e
    UNION ALL
    SELECT e.number, 'event', a.key, a.value
    FROM event e
    CROSS JOIN LATERAL jsonb_each(e.attributes) AS a
  ),
  -- Each value of a trace once. A value that is long, a list or an object counts for its key only.
  held AS MATERIALIZED (
    SELECT DISTINCT
      e.number, e.level, e.key,
      CASE WHEN jsonb_typeof(e.value) NOT IN ('array', 'object') AND pg_column_size(e.value) <= max_size THEN e.value END AS value
    FROM entry e
    WHERE octet_length(e.key) <= max_length
  ),
  by_value AS MATERIALIZED (
    SELECT
      h.level, h.key, h.value,
      (count(*) FILTER (WHERE h.number > 0))::int4 AS inside,
      (count(*) FILTER (WHERE h.number < 0))::int4 AS outside,
      jsonb_typeof(h.value) = 'number' AND h.value <> '0'::jsonb AS is_number
    FROM held h
    WHERE h.value IS NOT NULL
    GROUP BY h.level, h.key, h.value
  ),
  -- Numbers with many values, such as sizes, are compared by their log2 bucket.
  measure AS MATERIALIZED (
    SELECT v.level, v.key
    FROM by_value v
    WHERE v.is_number
    GROUP BY v.level, v.key
    HAVING count(*) > max_numbers
  ),
  bucketed AS (
    SELECT DISTINCT
      h.number, h.level, h.key,
      CASE
        WHEN h.value < '0'::jsonb THEN -1000
        -- The logarithm of a power of two may be rounded to just below its exponent.
        ELSE greatest(-60, least(62, floor(ln((h.value)::float8) / ln(2::float8) + 1e-12::float8)))::int4
      END AS exponent
    FROM held h
    JOIN measure m ON m.level = h.level AND m.key = h.key
    WHERE jsonb_typeof(h.value) = 'number' AND h.value <> '0'::jsonb
  ),
  valued AS (
    SELECT v.level, v.key, v.value, NULL::int4 AS exponent, v.inside, v.outside
    FROM by_value v
    WHERE NOT (v.is_number AND (v.level, v.key) IN (SELECT m.level, m.key FROM measure m))
    UNION ALL
    SELECT
      b.level, b.key, NULL, b.exponent,
      (count(*) FILTER (WHERE b.number > 0))::int4,
      (count(*) FILTER (WHERE b.number < 0))::int4
    FROM bucketed b
    GROUP BY b.level, b.key, b.exponent
  ),
  present AS (
    SELECT
      p.level, p.key,
      (count(*) FILTER (WHERE p.number > 0))::int4 AS inside,
      (count(*) FILTER (WHERE p.number < 0))::int4 AS outside
    FROM (SELECT DISTINCT h.number, h.level, h.key FROM held h) AS p
    GROUP BY p.level, p.key
  ),
  counted AS (
    SELECT v.level, v.key, v.value, v.exponent, v.inside, v.outside FROM valued v
    UNION ALL
    SELECT p.level, p.key, NULL, NULL, p.inside, p.outside
    FROM present p
    -- A value that all traces with the key have says the same.
    WHERE NOT EXISTS (
      SELECT FROM valued v
      WHERE v.level = p.level AND v.key = p.key AND v.inside = p.inside AND v.outside = p.outside
    )
  ),
  -- A value whose number of traces is too small, or too large, for any split of it to be significant is not tested. This
  -- depends on the sum of both groups only, so it favours no result.
  tested AS MATERIALIZED (
    SELECT
      c.*, t.inside AS inside_traces, t.outside AS outside_traces,
      c.inside::float8 / t.inside AS share_inside,
      c.outside::float8 / t.outside AS share_outside,
      -- From the counts to one step further from chance, as a ratio of probabilities. It falls with each step.
      CASE
        WHEN c.inside::float8 * t.outside > c.outside::float8 * t.inside
          THEN c.outside::float8 * (t.inside - c.inside) / ((c.inside + 1)::float8 * (t.outside - c.outside + 1))
        ELSE c.inside::float8 * (t.outside - c.outside) / ((c.outside + 1)::float8 * (t.inside - c.inside + 1))
      END AS next_ratio
    FROM counted c
    CROSS JOIN total t
    WHERE t.inside > 0 AND t.outside > 0
      AND ln_least_p >= ln(2::float8) + least(
        tracestore.ln_hypergeometric(ln_factorial, least(c.inside + c.outside, t.inside), c.inside + c.outside, t.inside, t.outside),
        tracestore.ln_hypergeometric(ln_factorial, greatest(0, c.inside + c.outside - t.outside), c.inside + c.outside, t.inside, t.outside)
      )
  ),
  -- Fisher's exact test, with two sides. The tail of the distribution is below the geometric series of its first ratio.
  probable AS MATERIALIZED (
    SELECT
      f.*,
      CASE
        -- The exponential of a number below -700 is an error.
        WHEN f.next_ratio < 1 THEN least(1, 2 / (1 - f.next_ratio) * exp(greatest(
          -700,
          tracestore.ln_hypergeometric(ln_factorial, f.inside, f.inside + f.outside, f.inside_traces, f.outside_traces)
        )))
        ELSE 1
      END AS p
    FROM tested f
  ),
  -- Benjamini and Hochberg: the share of false rows among all rows up to this one.
  stepped AS (
    SELECT
      ranked.*,
      least(1, min(ranked.p * ranked.tests / ranked.rank) OVER (ORDER BY ranked.rank DESC)) AS q,
      2 * (asin(sqrt(ranked.share_inside)) - asin(sqrt(ranked.share_outside))) AS h
    FROM (
      SELECT f.*, row_number() OVER (ORDER BY f.p) AS rank, count(*) OVER () AS tests FROM probable f
    ) AS ranked
  )
  SELECT
    s.level, s.key, s.value,
    CASE WHEN s.exponent = -1000 THEN '-Infinity' WHEN s.exponent = -60 THEN 0 ELSE power(2::float8, s.exponent) END,
    CASE WHEN s.exponent = -1000 THEN 0 WHEN s.exponent = 62 THEN 'Infinity' ELSE power(2::float8, s.exponent + 1) END,
    s.inside::int8, s.inside_traces::int8, s.outside::int8, s.outside_traces::int8,
    s.share_inside, s.share_outside, s.h, s.p, s.q
  FROM stepped s
  WHERE s.q <= false_share AND abs(s.h) >= least_effect
  -- Complementary values have the same difference: the one that is more frequent inside is first.
  ORDER BY round(abs(s.h)::numeric, 6) DESC, s.h DESC, s.level, s.key, s.value, s.exponent
  LIMIT max_rows;
END
$$;
COMMENT ON FUNCTION ps_trace.attribute_differences IS 'The values that occur in a larger or smaller share of the traces _inside than of the traces _outside, the strongest difference first, at most 200 rows. A trace counts once, however many of its spans have the value; a trace in both arrays is inside. level is span, resource or event, or field for service, operation, kind, status and event (its name). value is NULL for any value of the key; numbers of more than 20 values count by ranges from number_min to below number_max. p_value is Fisher''s exact test; q_value is corrected for all tests by Benjamini and Hochberg, and at most 0.05. effect is Cohen''s h of the two shares, at least 0.2 away from 0. Of each array the function reads a random sample of _traces (1 to 5000), inside_total and outside_total say how many, and of each trace 100 spans and 100 events that start from _t_min to before _t_max. Values of more than 200 bytes, lists and objects count for their key only';
