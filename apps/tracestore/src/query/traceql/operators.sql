-- The comparisons of TraceQL in SQL.

-- name: =
=
-- name: !=
<>
-- name: <
<
-- name: <=
<=
-- name: >
>
-- name: >=
>=
