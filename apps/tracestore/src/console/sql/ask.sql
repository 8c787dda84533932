-- Runs a user's statement: see create-asking.sql.
-- :'statement'  the statement.
-- :'max_rows'   how many rows to return.
-- :'max_bytes'  how many bytes to return.
SELECT line FROM pg_temp.ask(:'statement', :'max_rows', :'max_bytes') AS line
