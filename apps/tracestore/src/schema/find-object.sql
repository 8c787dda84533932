-- Returns whether a view or a function exists.
-- :'is_view'   whether it is a view.
-- :'identity'  the name of the view, or the signature of the function.
SELECT
  CASE WHEN :'is_view'::boolean THEN to_regclass(:'identity') IS NOT NULL ELSE to_regprocedure(:'identity') IS NOT NULL END AS exists;
