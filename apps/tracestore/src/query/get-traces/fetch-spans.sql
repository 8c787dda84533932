-- The next portion of declare-spans.sql.
FETCH 500 FROM spans
