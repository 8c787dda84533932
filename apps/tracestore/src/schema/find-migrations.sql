-- The table files that this database has applied, each with its checksum.
SELECT name, checksum FROM tracestore.migration ORDER BY name;
