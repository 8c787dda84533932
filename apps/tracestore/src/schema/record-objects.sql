-- Records that object files were applied.
-- :'files'      the object files.
-- :'checksums'  their checksums, in the same order.
-- :'revision'   the revision of the build.
INSERT INTO tracestore.schema_object (name, checksum, revision)
SELECT name, checksum, :'revision' FROM unnest(:'files'::text[], :'checksums'::text[]) AS applied (name, checksum)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, revision = excluded.revision;
