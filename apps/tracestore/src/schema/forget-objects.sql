-- Records that the objects of the files $1 were dropped.
DELETE FROM tracestore.schema_object WHERE name = ANY ($1::text[]);
