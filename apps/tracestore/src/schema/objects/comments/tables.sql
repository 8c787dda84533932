-- Comments of the private tables; tables/ creates the tables.

COMMENT ON TABLE tracestore.migration IS 'The table files that this database has applied, each with the SHA-256 of the file';
COMMENT ON TABLE tracestore.schema_object IS 'The files of views, functions, operators and comments that this database has applied, each with its SHA-256 and the revision of the build';

COMMENT ON TABLE tracestore.resource IS 'What produced spans. The id is the first 8 bytes of the content''s SHA-256: equal resources are one row, and a writer needs no round trip for an id';
COMMENT ON COLUMN tracestore.resource.service_name IS 'service.name, or unknown_service';
COMMENT ON COLUMN tracestore.resource.entity_refs IS 'The resource''s entity references, an array of objects; NULL when there are none';

COMMENT ON TABLE tracestore.scope IS 'The instrumentation scope of spans and the schema URL of its spans. The id is a hash of the content';

COMMENT ON TABLE tracestore.operation IS 'Service, kind and name of spans. The id is a hash of the content';

COMMENT ON TABLE tracestore.span IS 'Spans as received. There is no key: two spans with the same id are both stored';
COMMENT ON COLUMN tracestore.span.instance IS 'Distinguishes spans of one trace with the same span id, so that each has its own events and links';
COMMENT ON COLUMN tracestore.span.start_nanos IS 'The nanoseconds below the microseconds of start_time: 0 to 999';
COMMENT ON COLUMN tracestore.span.end_nanos IS 'The nanoseconds below the microseconds of end_time: 0 to 999';

COMMENT ON TABLE tracestore.event IS 'Events of spans';
COMMENT ON COLUMN tracestore.event.event_nbr IS 'The position of the event in its span, from 0';

COMMENT ON TABLE tracestore.link IS 'Links of spans';
COMMENT ON COLUMN tracestore.link.link_nbr IS 'The position of the link in its span, from 0';
COMMENT ON COLUMN tracestore.link.linked_trace_id IS 'NULL when the link names no trace';

COMMENT ON TABLE tracestore.span_block IS 'Blocks: summaries of about 120 spans of one request. A search skips every block whose summary rules out a match, and the aggregation finds new spans by them. Spans of a trace in one request are in one block';
COMMENT ON COLUMN tracestore.span_block.start_max IS 'The start of the last span; the first started at most an hour before';
COMMENT ON COLUMN tracestore.span_block.duration_ns_max IS 'The longest duration in ns; 0 if no span ended after its start';
COMMENT ON COLUMN tracestore.span_block.transaction_id IS 'The transaction that wrote the block and its spans';
COMMENT ON COLUMN tracestore.span_block.salt IS 'The salt of the hashes in filter';
COMMENT ON COLUMN tracestore.span_block.trace_ids IS 'The traces of the spans, each once';
COMMENT ON COLUMN tracestore.span_block.filter IS 'A Bloom filter over attributes, operations, resources and scopes: storage/block-filter.ts describes it';

COMMENT ON TABLE tracestore.ledger IS 'The SHA-256 of every stored request, so that a retry stores nothing';

COMMENT ON TABLE tracestore.call_10s IS 'Aggregates of 10 seconds: spans by their operation and the operation of their parent';
COMMENT ON COLUMN tracestore.call_10s.time_bucket IS 'The start of the 10 seconds in which the spans started';
COMMENT ON COLUMN tracestore.call_10s.parent_operation_id IS '0: the spans are roots; -1: their parent is not stored';
COMMENT ON COLUMN tracestore.call_10s.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.call_10s.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.call_10s.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.service_call_10s IS 'Aggregates of 10 seconds: spans by their service and the service of their parent';
COMMENT ON COLUMN tracestore.service_call_10s.time_bucket IS 'The start of the 10 seconds in which the spans started';
COMMENT ON COLUMN tracestore.service_call_10s.service_name IS 'Empty where the operation is no longer stored';
COMMENT ON COLUMN tracestore.service_call_10s.parent_service_name IS 'Empty for roots, and for spans of kind server or consumer whose parent is not stored';
COMMENT ON COLUMN tracestore.service_call_10s.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.service_call_10s.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.service_call_10s.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.call_5m IS 'Aggregates of 5 minutes: spans by their operation and the operation of their parent';
COMMENT ON COLUMN tracestore.call_5m.time_bucket IS 'The start of the 5 minutes in which the spans started';
COMMENT ON COLUMN tracestore.call_5m.parent_operation_id IS '0: the spans are roots; -1: their parent is not stored';
COMMENT ON COLUMN tracestore.call_5m.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.call_5m.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.call_5m.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.service_call_5m IS 'Aggregates of 5 minutes: spans by their service and the service of their parent';
COMMENT ON COLUMN tracestore.service_call_5m.time_bucket IS 'The start of the 5 minutes in which the spans started';
COMMENT ON COLUMN tracestore.service_call_5m.service_name IS 'Empty where the operation is no longer stored';
COMMENT ON COLUMN tracestore.service_call_5m.parent_service_name IS 'Empty where there is no parent, or it is not stored';
COMMENT ON COLUMN tracestore.service_call_5m.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.service_call_5m.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.service_call_5m.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.call_1h IS 'Aggregates of an hour: spans by their operation and the operation of their parent';
COMMENT ON COLUMN tracestore.call_1h.time_bucket IS 'The start of the hour in which the spans started';
COMMENT ON COLUMN tracestore.call_1h.parent_operation_id IS '0: the spans are roots; -1: their parent is not stored';
COMMENT ON COLUMN tracestore.call_1h.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.call_1h.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.call_1h.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.service_call_1h IS 'Aggregates of an hour: spans by their service and the service of their parent';
COMMENT ON COLUMN tracestore.service_call_1h.time_bucket IS 'The start of the hour in which the spans started';
COMMENT ON COLUMN tracestore.service_call_1h.service_name IS 'Empty where the operation is no longer stored';
COMMENT ON COLUMN tracestore.service_call_1h.parent_service_name IS 'Empty where there is no parent, or it is not stored';
COMMENT ON COLUMN tracestore.service_call_1h.self_ns_sum IS 'The part of the durations that no child span covers';
COMMENT ON COLUMN tracestore.service_call_1h.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN tracestore.service_call_1h.self_calls IS 'How many spans each bucket of self_bucket has';

COMMENT ON TABLE tracestore.call_state IS 'How far spans are aggregated; one row';
COMMENT ON COLUMN tracestore.call_state.snapshot IS 'Spans of the transactions that this snapshot sees are aggregated';
COMMENT ON COLUMN tracestore.call_state.transaction_id IS 'The transaction that wrote this row. It differs from xmin if the database was restored from a dump; the snapshot is void then';
COMMENT ON COLUMN tracestore.call_state.rolled_5m IS 'Aggregates of 5 minutes are complete before this time; after it only aggregates of 10 seconds exist';
COMMENT ON COLUMN tracestore.call_state.rolled_1h IS 'Aggregates of an hour are complete before this time';
COMMENT ON COLUMN tracestore.call_state.counted_at IS 'Spans committed before this time are aggregated';

COMMENT ON TABLE tracestore.span_move IS 'Transactions that moved spans from the default partition to another one and that call_state does not see yet. A moved span is not a new span, unless moved_span has it';
COMMENT ON TABLE tracestore.moved_span IS 'Spans that were moved before they were aggregated, and the transaction that first wrote them';
COMMENT ON TABLE tracestore.call_recount IS 'Slices of time whose aggregates are deleted. Runs aggregate the spans that the snapshot sees again, one slice after the other';
COMMENT ON TABLE tracestore.late_call IS 'Time buckets that got rows after they were summed, one row per run. They are summed again';

COMMENT ON TABLE tracestore.trace_retention IS 'How long spans are kept; one row';
COMMENT ON COLUMN tracestore.trace_retention.configured IS 'The configuration of the store that started last';
COMMENT ON COLUMN tracestore.trace_retention.requested IS 'The last value of set_trace_retention_period, which overrides the configuration; NULL without one';

COMMENT ON TABLE tracestore.lifecycle_lock IS 'Locked by the one store that runs the lifecycle';
COMMENT ON TABLE tracestore.calls_lock IS 'Locked by the one store that aggregates calls';
COMMENT ON TABLE tracestore.partition_lock IS 'Locked by the transaction that adds a partition';

COMMENT ON TABLE tracestore.console_session IS 'Sessions of browsers that have signed in to the console';

COMMENT ON TABLE tracestore.lifecycle_time IS 'Observed time, and the epoch of the dictionaries; one row';
COMMENT ON COLUMN tracestore.lifecycle_time.observed_s IS 'Seconds that stores have observed to pass, from any start';
COMMENT ON COLUMN tracestore.lifecycle_time.epoch IS 'Grows by 1 every hour of observed time. A writer uses what it knows of the dictionaries in the same epoch and in the next one';
COMMENT ON COLUMN tracestore.lifecycle_time.epoch_s IS 'observed_s at the start of the epoch';
COMMENT ON COLUMN tracestore.lifecycle_time.noted_at IS 'The database''s clock when the row was last written';
COMMENT ON COLUMN tracestore.lifecycle_time.latest_at IS 'The latest time that the database''s clock has shown';
COMMENT ON COLUMN tracestore.lifecycle_time.noted_by IS 'The store that last wrote the row';

COMMENT ON TABLE tracestore.receipt_mark IS 'Rows written by transactions with ids below next_id were received before this observed time';
COMMENT ON COLUMN tracestore.receipt_mark.transaction_id IS 'The transaction that wrote this row. It differs from xmin if the database was restored from a dump; transaction ids are void then';

COMMENT ON TABLE tracestore.time_gap IS 'Advances of the database''s clock that no store observed. observed_s leaves them out, so rows written by transactions below before_id are kept longer';

COMMENT ON TABLE tracestore.applied_retention IS 'How long the lifecycle keeps traces, aggregates and the ledger, in seconds';
COMMENT ON COLUMN tracestore.applied_retention.applied_s IS 'The retention that the lifecycle uses; NULL before its first run';
COMMENT ON COLUMN tracestore.applied_retention.pending_s IS 'A shorter retention that is not applied yet';
COMMENT ON COLUMN tracestore.applied_retention.pending_since_s IS 'The observed time since which it is pending';
COMMENT ON COLUMN tracestore.applied_retention.confirmed_s IS 'The value of confirm_trace_retention, until it is applied';

COMMENT ON TABLE tracestore.held_part IS 'Expired partitions and chunks of aggregates that recent transactions wrote to, and the last such transaction. They are not read again before its rows are old enough';
