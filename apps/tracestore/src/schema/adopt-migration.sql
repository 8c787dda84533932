-- Gives an applied migration the name and the checksum that its table file has now.
-- :'name'      the name in the database.
-- :'new_name'  the name of the table file.
-- :'checksum'  the checksum of the table file.
UPDATE tracestore.migration SET name = :'new_name', checksum = :'checksum' WHERE name = :'name';
