-- All that a database says of the schemas tracestore, ps_trace and _ps_trace, one row per thing: for comparing two databases.
WITH namespace AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('tracestore', 'ps_trace', '_ps_trace')
),
relation AS (
  SELECT c.*, n.nspname || '.' || c.relname AS name FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
)
SELECT 'relation ' || name AS thing, concat_ws(' ', relkind, reloptions::text, pg_get_expr(relpartbound, oid), relacl::text) AS definition,
  obj_description(oid, 'pg_class') AS comment
FROM relation WHERE relkind <> 'i' AND relkind <> 'I'
UNION ALL
SELECT format('column %s.%s', r.name, a.attname),
  concat_ws(' ', row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
    a.attcompression, pg_get_expr(d.adbin, d.adrelid)),
  col_description(r.oid, a.attnum)
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE r.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'view ' || name, pg_get_viewdef(oid), NULL FROM relation WHERE relkind = 'v'
UNION ALL
SELECT 'index ' || r.name, pg_get_indexdef(r.oid), NULL FROM relation r WHERE relkind IN ('i', 'I')
UNION ALL
SELECT format('constraint %s.%s', r.name, k.conname), pg_get_constraintdef(k.oid), NULL
FROM pg_constraint k JOIN relation r ON r.oid = k.conrelid WHERE k.contype <> 'n'
UNION ALL
SELECT 'function ' || p.oid::regprocedure, concat_ws(' ', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, p.proacl::text),
  obj_description(p.oid, 'pg_proc')
FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace
UNION ALL
SELECT format('type %s.%s', n.nspname, t.typname),
  concat_ws(' ', t.typtype, t.typbasetype::regtype, (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)),
  obj_description(t.oid, 'pg_type')
FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace
UNION ALL
SELECT 'operator ' || o.oid::regoperator,
  concat_ws(' ', o.oprcode, o.oprcom::regoper, o.oprnegate::regoper, o.oprrest, o.oprjoin), obj_description(o.oid, 'pg_operator')
FROM pg_operator o JOIN namespace n ON n.oid = o.oprnamespace
UNION ALL
SELECT 'database setting', s.setconfig::text, NULL
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database() AND s.setrole = 0
UNION ALL
SELECT 'migration ' || name, checksum, NULL FROM tracestore.migration
UNION ALL
SELECT 'object ' || name, concat_ws(' ', checksum, revision), NULL FROM tracestore.schema_object
ORDER BY 1, 2;
