-- Returns the plan of a user's statement as JSON.
-- :statement  the statement.
EXPLAIN (FORMAT JSON) :statement
