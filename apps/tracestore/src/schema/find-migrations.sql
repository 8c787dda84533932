-- Which migrations does this database have?
SELECT name, checksum FROM tracestore.migration ORDER BY name;
