-- Returns one row about the dictionaries, for the plan of a query.
-- :columns  see dictionaries.sql.
SELECT :columns
