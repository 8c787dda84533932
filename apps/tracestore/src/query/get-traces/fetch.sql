-- Returns the next rows of a cursor.
-- :rows      how many.
-- :"cursor"  spans, events or links: see declare.sql.
FETCH :rows FROM :"cursor"
