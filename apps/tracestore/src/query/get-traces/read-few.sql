-- Returns the first rows of some traces.
-- :rows         see spans-of-traces.sql, events-of-traces.sql and links-of-traces.sql.
-- :'most_rows'  how many.
:rows
LIMIT :'most_rows'::int8
