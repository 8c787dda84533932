-- What a filter compares, as SQL. `IS TRUE` makes each comparison true or false, never NULL: NOT then includes the rows that
-- lack the value.
-- :condition   the test of a row.
-- :attributes  the column of attributes, see fields.sql.
-- :expression  the text, number or time that is compared, see fields.sql.
-- :column      the column of an id, see id-columns.sql.
-- :operator    a comparison, see operators.sql.
-- :'key'       the key of the attribute.
-- :'json'      the value as it is stored.
-- :'text'      the text to compare with.
-- :'pattern'   a regular expression of PostgreSQL.
-- :'like'      a pattern of LIKE.
-- :'number'    the number to compare with, in decimal.
-- :'numbers'   the values of an enum, as numbers.
-- :'names'     the names of the values of an enum, from 0.
-- :'id'        the id to compare with.
-- :'interval'  the duration to compare with.

-- name: is_true
(:condition) IS TRUE

-- name: attribute_exists
:attributes ? :'key'::text
-- name: attribute_equals
-- As text, because jsonb does not distinguish 5 and 5.0.
(:attributes -> :'key'::text)::text = (:'json'::jsonb)::text
-- name: attribute_equals_list
-- As jsonb, which ignores the order of keys and does not distinguish 5 and 5.0.
CASE WHEN jsonb_typeof(:attributes -> :'key'::text) IN ('array', 'object')
  THEN tracestore.plain_value(:attributes -> :'key'::text) = :'json'::jsonb END
-- name: attribute_matches
CASE jsonb_typeof(:attributes -> :'key'::text) WHEN 'string' THEN (:attributes -> :'key'::text) #>> '{}' ~ :'pattern'::text END
-- name: attribute_compares_text
CASE jsonb_typeof(:attributes -> :'key'::text) WHEN 'string' THEN (:attributes -> :'key'::text) #>> '{}' COLLATE "C" :operator :'text'::text END
-- name: attribute_compares_int
CASE jsonb_typeof(:attributes -> :'key'::text) WHEN 'number' THEN
  CASE scale((:attributes -> :'key'::text)::numeric) WHEN 0 THEN (:attributes -> :'key'::text)::numeric :operator :'number'::numeric END
END
-- name: attribute_compares_double
CASE jsonb_typeof(:attributes -> :'key'::text)
  WHEN 'number' THEN CASE scale((:attributes -> :'key'::text)::numeric) WHEN 0 THEN false ELSE (:attributes -> :'key'::text)::float8 :operator :'number'::float8 END
  WHEN 'object' THEN CASE
    WHEN :attributes -> :'key'::text = ANY ('{"{\"doubleValue\":\"Infinity\"}","{\"doubleValue\":\"-Infinity\"}","{\"doubleValue\":\"-0\"}"}'::jsonb[])
    THEN (:attributes -> :'key'::text ->> 'doubleValue')::float8 :operator :'number'::float8
  END
END

-- name: text_exists
:expression <> ''
-- name: text_equals
:expression = :'text'::text
-- name: text_compares
nullif(:expression, '') COLLATE "C" :operator :'text'::text
-- name: text_matches
nullif(:expression, '') ~ :'pattern'::text
-- name: text_contains
:expression ILIKE :'like'::text
-- name: values_contain
-- Also the values inside of lists and of key-value lists.
EXISTS (
  SELECT FROM jsonb_path_query(:attributes, 'strict $.**') AS entry (value)
  WHERE jsonb_typeof(entry.value) NOT IN ('array', 'object') AND entry.value #>> '{}' ILIKE :'like'::text
)
-- name: json_and_values_contain
-- The test of the whole JSON is faster. It is also true where only a key contains the text.
CASE WHEN (:attributes)::text ILIKE :'like'::text THEN EXISTS (
  SELECT FROM jsonb_path_query(:attributes, 'strict $.**') AS entry (value)
  WHERE jsonb_typeof(entry.value) NOT IN ('array', 'object') AND entry.value #>> '{}' ILIKE :'like'::text
) END

-- name: uuid_equals
:column = :'id'::uuid
-- name: int8_equals
:column = :'id'::int8

-- name: enum_is_one_of
:expression = ANY (:'numbers'::int4[])
-- name: enum_name
(:'names'::text[])[1 + :expression]

-- name: time_compares
:expression :operator :'number'::numeric
-- name: duration_at_least
-- True of a few more spans than the exact test in nanoseconds, which is slow to compute.
s.end_time - s.start_time >= :'interval'::interval
-- name: duration_at_most
s.end_time - s.start_time <= :'interval'::interval
