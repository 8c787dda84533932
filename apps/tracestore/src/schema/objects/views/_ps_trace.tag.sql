CREATE OR REPLACE VIEW _ps_trace.tag AS
SELECT
  tracestore.tag_id(t.key, t.value) AS id,
  t.key_id,
  t.tag_type::ps_trace.tag_type AS tag_type,
  t.key::ps_trace.tag_k AS key,
  t.value::_ps_trace.tag_v AS value
FROM (
  SELECT 1::int8 AS key_id, 2 AS tag_type, 'service.name' AS key, to_jsonb(o.service_name) AS value
  FROM (SELECT DISTINCT service_name FROM tracestore.operation) o
  UNION ALL
  SELECT 1000 + (hashtext(r.key) & 2147483647)::int8, 2, r.key, r.value
  FROM (
    SELECT DISTINCT a.key, a.value FROM tracestore.resource d CROSS JOIN LATERAL jsonb_each(d.attributes) a WHERE a.key <> 'service.name'
  ) r
  UNION ALL
  SELECT 1000 + (hashtext(s.key) & 2147483647)::int8, 1, s.key, s.value
  FROM tracestore.recent_tags() s
) t;
COMMENT ON VIEW _ps_trace.tag IS 'Keys and values of tags, in the shape of Promscale''s private table. It has all tags of resources, and some tags of spans from the last hour, because no table holds these. A tag of both has two rows';
COMMENT ON COLUMN _ps_trace.tag.id IS 'A hash of key and value';
COMMENT ON COLUMN _ps_trace.tag.key_id IS '1 for service.name, otherwise a hash of the key';
COMMENT ON COLUMN _ps_trace.tag.tag_type IS '1: a tag of spans, 2: of resources';
COMMENT ON COLUMN _ps_trace.tag.key IS 'The key';
COMMENT ON COLUMN _ps_trace.tag.value IS 'The value';
