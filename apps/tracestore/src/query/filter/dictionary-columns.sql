-- What look-up-dictionaries.sql returns.
-- :ids       the query of the ids of a dictionary.
-- :'limit'   how many ids to read.
-- :"column"  the name of the column.

-- name: ids
ARRAY(:ids LIMIT :'limit'::int8) AS :"column"
-- name: longest_ns
(SELECT max(duration_ns_max) FROM tracestore.span_block) AS longest_ns
