-- Adds the operations that are not known yet. Rows come sorted by id, so that two writers never wait for each other in
-- a circle.
INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
SELECT * FROM unnest($1::int8[], $2::text[], $3::int4[], $4::text[])
ON CONFLICT (id) DO NOTHING;
