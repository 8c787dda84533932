CREATE OR REPLACE FUNCTION tracestore.duration_text(p_ns int8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN abs(p_ns) < 1000 THEN p_ns || ' ns'
  ELSE (
    -- Three significant digits, without zeros at the end.
    SELECT trim_scale(round(p_ns / d.unit_ns, CASE WHEN abs(p_ns) < 10 * d.unit_ns THEN 2 WHEN abs(p_ns) < 100 * d.unit_ns THEN 1 ELSE 0 END)) || d.unit
    FROM (
      SELECT * FROM (VALUES (1e3::numeric, ' µs'), (1e6, ' ms'), (1e9, ' s')) AS u (unit_ns, unit)
      WHERE u.unit_ns <= abs(p_ns)
      ORDER BY u.unit_ns DESC
      LIMIT 1
    ) AS d
  )
END;
COMMENT ON FUNCTION tracestore.duration_text IS 'A duration for people, such as 1.45 ms: three significant digits, and a unit from ns to s';
