-- Removes an applied migration that has no table file now.
-- :'name'  its name.
DELETE FROM tracestore.migration WHERE name = :'name';
