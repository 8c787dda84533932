-- The objects of ps_trace and _ps_trace that users can use, without ids and without objects of TimescaleDB, so that the result
-- is the same on every server.
WITH public_schema AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('ps_trace', '_ps_trace')
),
entry AS (
  SELECT
    'view' AS kind, n.nspname || '.' || c.relname AS name, '' AS definition, obj_description(c.oid, 'pg_class') AS comment,
    (
      SELECT json_agg(json_build_object(
        'name', a.attname, 'type', replace(format_type(a.atttypid, a.atttypmod), 'pg_catalog.', ''),
        'comment', col_description(a.attrelid, a.attnum)
      ) ORDER BY a.attnum)
      FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS columns
  FROM pg_class c
  JOIN public_schema n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v'
  UNION ALL
  SELECT
    'function', n.nspname || '.' || p.proname,
    '(' || pg_get_function_arguments(p.oid) || ') → ' || pg_get_function_result(p.oid),
    obj_description(p.oid, 'pg_proc'), '[]'
  FROM pg_proc p
  JOIN public_schema n ON n.oid = p.pronamespace
  -- The functions of operators are listed as operators.
  WHERE NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
  UNION ALL
  SELECT
    'type', n.nspname || '.' || t.typname,
    CASE t.typtype
      WHEN 'd' THEN '(a domain over ' || format_type(t.typbasetype, t.typtypmod) || ')'
      ELSE '(an enumeration)'
    END,
    obj_description(t.oid, 'pg_type'), '[]'
  FROM pg_type t
  JOIN public_schema n ON n.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e')
  UNION ALL
  SELECT
    'operator', n.nspname || '.' || o.oprname,
    format('%s %s %s', format_type(o.oprleft, NULL), o.oprname, format_type(o.oprright, NULL)),
    obj_description(o.oid, 'pg_operator'), '[]'
  FROM pg_operator o
  JOIN public_schema n ON n.oid = o.oprnamespace
  UNION ALL
  SELECT 'role', r.rolname, '', shobj_description(r.oid, 'pg_authid'), '[]'
  FROM pg_roles r
  WHERE r.rolname = 'ps_trace_reader'
)
SELECT kind, name, definition, comment, columns
FROM entry
ORDER BY kind COLLATE "C", name COLLATE "C", definition COLLATE "C";
