-- Returns what a statement returns.
-- :statement  see series.sql.
:statement
