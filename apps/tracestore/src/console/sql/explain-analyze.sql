-- Runs a user's statement, and returns its plan as JSON with what each step took.
-- :statement  the statement.
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) :statement
