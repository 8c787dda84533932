CREATE OR REPLACE FUNCTION ps_trace.time_of(_text text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN CASE
  WHEN _text = 'now' THEN now()
  WHEN _text ~ '^now[+-]\d{1,6}[smhdw]$'
    THEN now() + substr(_text, 4, length(_text) - 4)::int4 * ('1' || replace(right(_text, 1), 'm', 'min'))::interval
  ELSE _text::timestamptz
END;
COMMENT ON FUNCTION ps_trace.time_of IS 'The time of an expression as in Grafana: now, now-15m, now-24h, now-7d, or any time that PostgreSQL reads';
