-- Returns views, functions and aggregates, and the objects that depend on them, each once. Dependents come first: the order in
-- which all can be dropped. grants restores the privileges that the owner has granted on an object.
-- :'names'  the names of the objects, with schema.
-- :'ours'   the names of all objects that may be dependents.
WITH RECURSIVE object AS (
  SELECT
    'pg_proc'::regclass::oid AS class_id, p.oid AS object_id, n.nspname || '.' || p.proname AS name,
    CASE p.prokind WHEN 'a' THEN 'AGGREGATE ' ELSE 'FUNCTION ' END AS kind, p.oid::regprocedure::text AS identity,
    p.proacl AS acl, p.proowner AS owner
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname || '.' || p.proname = ANY (:'ours'::text[])
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, n.nspname || '.' || c.relname, 'VIEW ', c.oid::regclass::text, c.relacl, c.relowner
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v' AND n.nspname || '.' || c.relname = ANY (:'ours'::text[])
),
-- A view depends by its rule. A function can depend on the row type of a view, or on its array.
dependency AS (
  SELECT DISTINCT
    CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END AS class_id,
    coalesce(r.ev_class, d.objid) AS object_id,
    CASE WHEN coalesce(e.typrelid, t.typrelid, 0) = 0 THEN d.refclassid ELSE 'pg_class'::regclass::oid END AS used_class_id,
    coalesce(nullif(e.typrelid, 0), nullif(t.typrelid, 0), d.refobjid) AS used_object_id
  FROM pg_depend d
  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
  LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
),
hit AS (
  SELECT o.class_id, o.object_id, 0 AS depth FROM object o WHERE o.name = ANY (:'names'::text[])
  UNION
  SELECT o.class_id, o.object_id, h.depth + 1
  FROM hit h
  JOIN dependency d ON d.used_class_id = h.class_id AND d.used_object_id = h.object_id
  JOIN object o ON o.class_id = d.class_id AND o.object_id = d.object_id
  WHERE (d.class_id, d.object_id) <> (h.class_id, h.object_id)
)
SELECT
  o.kind || o.identity AS target,
  ARRAY(
    SELECT format(
      'GRANT %s ON %s%s TO %s%s', a.privilege_type, CASE o.kind WHEN 'VIEW ' THEN '' ELSE 'FUNCTION ' END, o.identity,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    )
    FROM aclexplode(o.acl) AS a
    WHERE a.grantee <> o.owner AND (a.grantee <> 0 OR o.kind = 'VIEW ')
  ) AS grants,
  o.kind = 'VIEW ' AS is_view, o.identity
FROM (SELECT class_id, object_id, max(depth) AS depth FROM hit GROUP BY class_id, object_id) AS h
JOIN object o ON o.class_id = h.class_id AND o.object_id = h.object_id
ORDER BY h.depth DESC, o.identity;
