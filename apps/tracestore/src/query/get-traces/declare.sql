-- Opens a cursor over the rows of some traces.
-- :"cursor"  the name of the cursor.
-- :rows      see spans-of-traces.sql, events-of-traces.sql and links-of-traces.sql.
DECLARE :"cursor" NO SCROLL CURSOR FOR
:rows
