-- Gives the transaction the rights of ps_trace_reader.
SET LOCAL ROLE ps_trace_reader
