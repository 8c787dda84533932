-- The values of TraceQL in SQL, and their comparisons. A value whose type is known has a type of SQL; any other is jsonb, as
-- attributes are stored.
-- :raw         an attribute as it is stored.
-- :value       a value.
-- :left        the values that are compared or computed with.
-- :right       see left.
-- :condition   a truth value.
-- :operator    a comparison of SQL, see operators.sql.
-- :'name'      the operator in TraceQL.
-- :'json'      a value of an attribute as it is stored.
-- :'text'      a text to compare with.
-- :'texts'     several of them.
-- :'pattern'   a regular expression of PostgreSQL.
-- :'number'    a number to compare with.
-- :'truth'     a truth value to compare with.
-- :'same_type' whether numbers of unlike types are unequal.

-- name: is_true
(:condition) IS TRUE
-- name: group
(:condition)
-- name: attribute_value
ps_trace.traceql_value(:raw)
-- name: service_value
CASE jsonb_typeof(:raw) WHEN 'string' THEN :raw ELSE coalesce(ps_trace.traceql_value(:raw), '""'::jsonb) END
-- name: parent_service_value
CASE WHEN s.parent_attributes IS NOT NULL THEN coalesce(ps_trace.traceql_value(:raw), '""'::jsonb) END
-- name: scalar
CASE WHEN jsonb_typeof(:value) <> 'array' THEN ps_trace.traceql_value(:value) END
-- name: exists
:value IS NOT NULL
-- name: is_missing
:value IS NULL
-- name: any_event
EXISTS (SELECT FROM unnest(s.events) AS e (event) WHERE :condition)
-- name: any_link
EXISTS (SELECT FROM unnest(s.links) AS k (link) WHERE :condition)

-- name: json
:'json'::jsonb
-- name: text
:'text'::text
-- name: numeric
:'number'::numeric
-- name: float
:'number'::float8
-- name: bool
:'truth'::boolean
-- name: to_json
to_jsonb(:value)
-- name: int_to_json
to_jsonb((:value)::numeric)
-- name: int_to_float_json
ps_trace.traceql_float((:value)::float8)
-- name: negative
(-(:value))
-- name: arithmetic
ps_trace.traceql_arithmetic(:'name'::text, :left, :right)
-- name: not_attribute
CASE WHEN ps_trace.traceql_type(:value) <> 'array' THEN :condition END
-- name: no_value
NULL::jsonb

-- name: json_is
:value = :'json'::jsonb
-- name: compare
ps_trace.traceql_compare(:'name'::text, :left, :right, :'same_type'::boolean)
-- name: compares
:left :operator :right
-- name: compares_text
:left COLLATE "C" :operator :right
-- name: text_matches
:left ~ :'pattern'::text
-- name: text_differs
:left !~ :'pattern'::text

-- name: attribute_text
CASE jsonb_typeof(:raw)
  WHEN 'string' THEN (:raw #>> '{}') COLLATE "C" :operator :'text'::text
  WHEN 'array' THEN ps_trace.traceql_compare(:'name'::text, :raw, to_jsonb(:'text'::text), true)
END
-- name: attribute_matches
CASE jsonb_typeof(:raw)
  WHEN 'string' THEN (:raw #>> '{}') ~ :'pattern'::text
  WHEN 'array' THEN ps_trace.traceql_compare('=~', :raw, to_jsonb(:'pattern'::text))
END
-- name: attribute_differs
CASE jsonb_typeof(:raw)
  WHEN 'string' THEN (:raw #>> '{}') !~ :'pattern'::text
  WHEN 'array' THEN ps_trace.traceql_compare('!~', :raw, to_jsonb(:'pattern'::text))
END
-- name: attribute_int
CASE jsonb_typeof(:raw)
  WHEN 'number' THEN CASE scale((:raw)::numeric) WHEN 0 THEN (:raw)::numeric :operator :'number'::numeric END
  WHEN 'array' THEN ps_trace.traceql_compare(:'name'::text, :raw, to_jsonb(:'number'::numeric), true)
END
-- name: attribute_float
CASE jsonb_typeof(:raw)
  WHEN 'number' THEN CASE scale((:raw)::numeric) WHEN 0 THEN false ELSE (:raw)::float8 :operator :'number'::float8 END
  WHEN 'object' THEN ps_trace.traceql_compare(:'name'::text, :raw, ps_trace.traceql_float(:'number'::float8), true)
  WHEN 'array' THEN ps_trace.traceql_compare(:'name'::text, :raw, ps_trace.traceql_float(:'number'::float8), true)
END
-- name: attribute_bool
CASE jsonb_typeof(:raw)
  WHEN 'boolean' THEN (:raw)::boolean :operator :'truth'::boolean
  WHEN 'array' THEN ps_trace.traceql_compare(:'name'::text, :raw, to_jsonb(:'truth'::boolean), true)
END
-- name: attribute_text_in
CASE jsonb_typeof(:raw)
  WHEN 'string' THEN (:raw #>> '{}') = ANY (:'texts'::text[])
  WHEN 'array' THEN EXISTS (
    SELECT FROM unnest(:'texts'::text[]) AS x (text) WHERE ps_trace.traceql_compare('=', :raw, to_jsonb(x.text), true)
  )
END
-- name: attribute_text_not_in
CASE jsonb_typeof(:raw)
  WHEN 'string' THEN (:raw #>> '{}') <> ALL (:'texts'::text[])
  WHEN 'array' THEN NOT EXISTS (
    SELECT FROM unnest(:'texts'::text[]) AS x (text) WHERE NOT ps_trace.traceql_compare('!=', :raw, to_jsonb(x.text), true)
  )
END
