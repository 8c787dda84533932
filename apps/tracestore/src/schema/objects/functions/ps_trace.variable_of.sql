CREATE OR REPLACE FUNCTION ps_trace.variable_of(_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT CASE
    WHEN _text IN ('$__all', '%24__all') THEN ''
    ELSE coalesce(
      convert_from(
        string_agg(
          CASE WHEN part[1] LIKE '\%__' THEN decode(substr(part[1], 2), 'hex') ELSE convert_to(part[1], 'UTF8') END,
          ''::bytea ORDER BY number
        ),
        'UTF8'
      ),
      ''
    )
  END
  FROM regexp_matches(_text, '%[0-9A-Fa-f]{2}|[^%]+|%', 'g') WITH ORDINALITY AS found (part, number)
$$;
COMMENT ON FUNCTION ps_trace.variable_of IS 'The value of a Grafana variable that the query has in percent-encoding, as ${name:percentencode}; empty for the choice All. Grafana looks for macros in a statement after it has inserted the values, and this encoding hides what looks like one';
