-- Returns the views of ps_trace with their columns, and its functions, as JSON with the comments of the catalog: the views
-- that statements read most first, and of the functions those that the reader may call by their names. Functions of operators,
-- aggregates and casts are left out.
SELECT
  (
    SELECT json_agg(
      json_build_object(
        'schema', n.nspname,
        'name', c.relname,
        'comment', obj_description(c.oid, 'pg_class'),
        'columns', (
          SELECT json_agg(
            json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'comment', col_description(c.oid, a.attnum))
            ORDER BY a.attnum
          )
          FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        )
      )
      ORDER BY array_position('{span,trace,event,link}'::text[], c.relname::text), c.relname
    )
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'ps_trace' AND c.relkind = 'v'
  ) AS relations,
  (
    SELECT json_agg(
      json_build_object(
        'schema', n.nspname,
        'name', p.proname,
        'arguments', pg_get_function_arguments(p.oid),
        'result', pg_get_function_result(p.oid),
        'comment', obj_description(p.oid, 'pg_proc')
      )
      ORDER BY p.proname, p.oid
    )
    FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ps_trace' AND p.prokind <> 'p'
      AND has_function_privilege(p.oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))
      AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
      AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid)
  ) AS functions
