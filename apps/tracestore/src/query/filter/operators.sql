-- The comparisons of a filter.

-- name: eq
=
-- name: gt
>
-- name: lt
<
-- name: gte
>=
-- name: lte
<=
