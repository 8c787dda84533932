-- What types are called: of each oid of $1, in its order.
SELECT format_type(oid, NULL) AS name FROM unnest($1::oid[]) WITH ORDINALITY AS asked (oid, place) ORDER BY place
