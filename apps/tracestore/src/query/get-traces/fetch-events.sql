-- The next rows of declare-events.sql, as many as the fragment :count says.
FETCH :count FROM events
