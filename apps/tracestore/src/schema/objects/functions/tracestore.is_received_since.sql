CREATE OR REPLACE FUNCTION tracestore.is_received_since(p_table text, p_part regclass, p_range tstzrange, p_since int8) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  last int8;
BEGIN
  IF p_since IS NULL THEN RETURN true; END IF;
  IF p_table IN ('span', 'event', 'link', 'span_block') THEN
    RETURN EXISTS (
      SELECT FROM tracestore.span_block b
      WHERE b.start_max >= lower(p_range) AND b.start_max < upper(p_range) + interval '1 hour' AND b.start_min < upper(p_range)
        -- A restored dump has ids of another server.
        AND b.transaction_id >= p_since AND b.transaction_id <= current_id
    );
  END IF;
  SELECT h.last_id INTO last FROM tracestore.held_part h WHERE h.part = p_part;
  IF last >= p_since THEN RETURN true; END IF;
  EXECUTE format('SELECT max($1 - age(xmin)) FROM ONLY %s', p_part) INTO last USING current_id;
  IF coalesce(last, 0) < p_since THEN RETURN false; END IF;
  INSERT INTO tracestore.held_part (part, last_id) VALUES (p_part, last)
  ON CONFLICT (part) DO UPDATE SET last_id = excluded.last_id;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.is_received_since IS 'Whether a part holds rows of a transaction with this id or a later one; true where p_since is NULL. For spans, events and links it reads the blocks of their time, which can belong to a neighbouring part';
