-- What find-candidates.sql orders candidates by, and which blocks it needs for that.

-- name: newest
-- A trace starts at the latest when the last span of its first block does.
c.last_start
-- name: slowest
c.longest
-- name: matching_blocks
-- Every block of a trace bounds its start.
b.may_match
-- name: all_blocks
-- Only all blocks of a trace bound its duration.
true
