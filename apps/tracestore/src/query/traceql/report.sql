-- What the answer of a search says of a span `s`.
-- :columns    values, as jsonb.
-- :condition  a condition of the span.
-- :value      a value of the span.
-- :otherwise  another one.

-- name: fields
(to_jsonb(ARRAY[:columns]::jsonb[]))::text
-- name: no_fields
'[]'::text
-- name: compared
CASE WHEN :condition THEN jsonb_build_array(:value) END
-- name: of_event
(
  SELECT :value
  FROM unnest(s.events) WITH ORDINALITY AS e (event, nr)
  WHERE :condition
  ORDER BY e.nr DESC
  LIMIT 1
)
-- name: of_link
(
  SELECT :value
  FROM unnest(s.links) WITH ORDINALITY AS k (link, nr)
  WHERE :condition
  ORDER BY k.nr DESC
  LIMIT 1
)
-- name: choice
CASE WHEN :condition THEN :value ELSE :otherwise END
