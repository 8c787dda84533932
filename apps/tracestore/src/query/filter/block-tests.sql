-- What a block `b` tells of its spans: false where no span of the block can match.
-- :condition      the test of the bits of a block.
-- :'duration_ns'  the least duration of a span.
-- :'numbers'      the numbers of a term, see storage/block-filter.ts.

-- name: has_errors
b.error_count > 0
-- name: has_duration
b.duration_ns_max >= :'duration_ns'::int8
-- name: has_term
(
  get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[1] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[2] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[3] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[4] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[5] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[6] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[7] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
  AND get_bit(b.filter, ((b.salt * (:'numbers'::int8[])[8] & 4294967295) >> 8) % (octet_length(b.filter) * 8)) = 1
)
-- name: as_half
-- The planner cannot estimate a test of bits. It expects a CASE to be true for half of the rows, and so reads blocks in order
-- until it has enough of them.
CASE WHEN :condition THEN true ELSE false END
