-- Creates the function that runs a user's statement, for one connection. It belongs to ps_trace_reader and runs with its rights: in a
-- function that is SECURITY DEFINER, no statement can change the role back. It returns each row as a text, until there are
-- more than max_rows of them or more than max_bytes in all: a row beyond max_bytes is NULL. For EXPLAIN, it returns one row. The rows are sent when it has returned, in UTF-8,
-- whatever encoding the statement has set.
CREATE FUNCTION pg_temp.ask(statement text, max_rows int4, max_bytes int8) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
  line text;
  bytes int8 := 0;
  lines int4 := 0;
BEGIN
  FOR line IN EXECUTE statement LOOP
    bytes := bytes + pg_catalog.octet_length(line);
    lines := lines + 1;
    IF bytes > max_bytes AND lines = 1 THEN
      RAISE EXCEPTION 'the first row is longer than % bytes', max_bytes USING ERRCODE = 'program_limit_exceeded';
    END IF;
    RETURN NEXT CASE WHEN bytes <= max_bytes THEN line END;
    EXIT WHEN lines > max_rows OR bytes > max_bytes;
  END LOOP;
  PERFORM pg_catalog.set_config('client_encoding', 'UTF8', false);
END
$$
