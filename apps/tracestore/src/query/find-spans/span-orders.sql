-- The orders of spans for find-spans.sql: the order of blocks `b`, the low-water mark of those that were read, and the position of
-- a span `s`.

-- name: newest_block_order
b.start_max
-- name: newest_block_mark
(extract(epoch FROM min(b.start_max)) * 1000000)::int8 * 1000
-- name: newest_position
(extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos
-- name: slowest_block_order
b.duration_ns_max
-- name: slowest_block_mark
min(b.duration_ns_max)
-- name: slowest_position
greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0)
