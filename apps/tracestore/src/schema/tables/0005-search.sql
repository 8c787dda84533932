-- What searches need in addition to the tables.

-- A search for slow spans reads few blocks by this index, and a search for the slowest spans sorts few. A block stands for
-- about 120 spans, so the index is small.
CREATE INDEX span_block_by_duration ON tracestore.span_block (duration_ns_max);

-- A compressed chunk has no index by trace. It has one filter per batch of rows, and a search would read all of them. Blocks
-- are not compressed and hold the start times of their traces: with this index, reading a trace takes a seventh of the time.
DO $trace_times$
BEGIN
  IF tracestore.timescale_schema() IS NOT NULL THEN
    -- Without fastupdate: every search would have to read the list of pending entries.
    CREATE INDEX span_block_by_trace ON tracestore.span_block USING gin (trace_ids) WITH (fastupdate = off);
  END IF;
END
$trace_times$;

CREATE TYPE tracestore.slow_request AS (
  trace_id ps_trace.trace_id, trace_id_hex text, service_name text, span_name text, start_time timestamptz, duration_ms float8
);
