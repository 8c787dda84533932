-- The name of a column.
-- :"name"  the name.
:"name"
