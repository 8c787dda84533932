-- The table files that this database has applied, each with its checksum and the lowest schema that it admits. A table of an
-- earlier build lacks the last column.
SELECT m.name, m.checksum, (to_jsonb(m) ->> 'admits')::int4 AS admits FROM tracestore.migration m ORDER BY m.name;
