-- The next portion of declare-events.sql.
FETCH 500 FROM events
