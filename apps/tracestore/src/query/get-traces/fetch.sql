-- Returns the next rows of a cursor.
-- :rows      how many.
-- :"cursor"  spans, events or links: see declare-spans.sql, declare-events.sql and declare-links.sql.
FETCH :rows FROM :"cursor"
