-- Records that a table file was applied.
-- :'name'      the name of the table file.
-- :'checksum'  its checksum.
INSERT INTO tracestore.migration (name, checksum) VALUES (:'name', :'checksum');
