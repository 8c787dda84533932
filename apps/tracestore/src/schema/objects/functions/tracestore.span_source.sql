CREATE OR REPLACE FUNCTION tracestore.span_source(p_start timestamptz, p_end timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own CONSTANT text := 'trace_id, span_id, parent_span_id, start_time, start_nanos, end_time, end_nanos, operation_id, instance, status_code';
  chunks text;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = 'tracestore.span'::regclass) = 'p' THEN
    RETURN format('SELECT %s, age(xmin) AS age FROM tracestore.span', own);
  END IF;
  -- A decompressing scan has no xmin; ONLY excludes compressed rows. The bounds let the executor skip chunks without spans of
  -- the trace.
  SELECT string_agg(
    format(
      'SELECT %1$s, age(xmin) AS age FROM ONLY %2$s WHERE bound.start_to >= %3$L AND bound.start_from < %4$L',
      own, c.name, c.range_start, c.range_end
    )
    || CASE WHEN c.is_compressed THEN format(
      ' UNION ALL SELECT %1$s, NULL FROM %2$s s WHERE bound.start_to >= %3$L AND bound.start_from < %4$L AND NOT EXISTS (
          SELECT FROM ONLY %2$s o
          WHERE o.trace_id = s.trace_id AND o.span_id = s.span_id AND o.instance = s.instance AND o.start_time = s.start_time)',
      own, c.name, c.range_start, c.range_end) ELSE '' END,
    ' UNION ALL '
  )
  INTO chunks
  FROM (
    SELECT format('%I.%I', k.chunk_schema, k.chunk_name) AS name, k.range_start, k.range_end, k.is_compressed
    FROM timescaledb_information.chunks k
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = 'span' AND k.range_start <= p_end AND k.range_end > p_start
  ) AS c;
  RETURN coalesce(chunks, format('SELECT %s, age(xmin) AS age FROM tracestore.span WHERE false', own));
END
$$;
COMMENT ON FUNCTION tracestore.span_source IS 'The text of a query for spans that start within these times, with the age of the transaction that wrote them. The age is NULL for compressed spans, which lose it. For a lateral join to bound (start_from, start_to)';
