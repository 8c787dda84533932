CREATE OR REPLACE VIEW tracestore.partition AS
SELECT
  t.name AS table_name,
  c.oid::regclass AS partition,
  bound.text = 'DEFAULT' AS is_default,
  CASE WHEN bound.text <> 'DEFAULT' THEN tstzrange(
    (regexp_match(bound.text, $$FROM \('([^']+)'\)$$))[1]::timestamptz,
    (regexp_match(bound.text, $$TO \('([^']+)'\)$$))[1]::timestamptz
  ) END AS time_range
FROM tracestore.timed_table t
JOIN pg_class parent
  ON parent.relname = t.name AND parent.relnamespace = 'tracestore'::regnamespace AND parent.relkind = 'p'
JOIN pg_inherits i ON i.inhparent = parent.oid
JOIN pg_class c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid)) AS bound (text);
COMMENT ON VIEW tracestore.partition IS 'The native partitions; none where the tables are hypertables';
