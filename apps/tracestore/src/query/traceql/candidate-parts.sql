-- What find-candidates.sql says of blocks and traces.
-- :condition  the test of a block `b`.
-- :"name"     the name of a column.

-- name: newest
-- A trace starts at the latest when the last span of its first block does.
c.last_start
-- name: slowest
c.longest
-- name: test
:condition AS :"name"
-- name: no_test
true AS "any"
-- name: grouped_test
bool_or(b.:"name") AS :"name"
-- name: no_grouped_test
true AS "any"
-- name: block_has
b.:"name"
-- name: trace_has
c.:"name"
