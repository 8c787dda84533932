-- The next rows of declare-spans.sql, as many as the fragment :count says.
FETCH :count FROM spans
