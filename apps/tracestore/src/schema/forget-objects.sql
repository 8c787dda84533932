-- Records that objects were dropped.
-- :'files'  the object files.
DELETE FROM tracestore.schema_object WHERE name = ANY (:'files'::text[]);
