-- Returns the rows of a user's statement as JSON arrays, whatever its columns are called. The statement stands on lines of its own,
-- because it may end with a comment.
-- :statement  the statement.
-- :columns    new names for the columns of the statement.
SELECT json_build_array(:columns)::text FROM (
:statement
) AS result (:columns)
