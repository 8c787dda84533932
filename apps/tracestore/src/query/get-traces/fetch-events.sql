-- The next {{rows}} rows of declare-events.sql.
FETCH {{rows}} FROM events
