-- What searches need beyond what is kept for other reasons.

-- Slow spans are few: a search for them need not look at every block, nor one for the slowest sort them all. There is a
-- row for 120 spans, so this costs next to nothing.
CREATE INDEX span_block_by_duration ON tracestore.span_block (duration_ns_max);
