-- Returns the names of types, in order.
-- :'oids'  the oids of the types.
SELECT format_type(oid, NULL) AS name FROM unnest(:'oids'::oid[]) WITH ORDINALITY AS requested (oid, position) ORDER BY position
