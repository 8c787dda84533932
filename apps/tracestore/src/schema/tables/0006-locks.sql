-- Locks that readers cannot take. They replace advisory locks, which every role can take and see. Each is a table without
-- rows: only the owner can lock a table of this schema.

CREATE TABLE tracestore.lifecycle_lock ();
CREATE TABLE tracestore.calls_lock ();
CREATE TABLE tracestore.partition_lock ();
