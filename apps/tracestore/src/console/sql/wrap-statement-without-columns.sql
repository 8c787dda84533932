-- Returns an empty JSON array for each row of a user's statement that has no columns.
-- :statement  the statement.
SELECT '[]' FROM (
:statement
) AS result
