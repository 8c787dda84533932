-- Records that the object files $1 with the checksums $2 were applied by a build of revision $3.
INSERT INTO tracestore.schema_object (name, checksum, revision)
SELECT name, checksum, $3 FROM unnest($1::text[], $2::text[]) AS applied (name, checksum)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, revision = excluded.revision;
