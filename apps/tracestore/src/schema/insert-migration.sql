-- Records that a table file was applied.
-- :'name'      the name of the table file.
-- :'checksum'  its checksum.
-- :'admits'    the lowest schema whose builds may run without this file; NULL if none may.
INSERT INTO tracestore.migration (name, checksum, admits) VALUES (:'name', :'checksum', :'admits'::int4);
