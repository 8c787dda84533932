CREATE OR REPLACE FUNCTION tracestore.missing_partitions(
  p_table text, p_now timestamptz, p_width interval, p_behind int4, p_ahead int4, p_oldest timestamptz, p_enough int8
) RETURNS TABLE (range_start timestamptz, range_end timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  -- Ranges of every width begin at midnight UTC, so a wide range contains whole narrow ranges of an earlier width.
  origin CONSTANT timestamptz := '2000-01-01 00:00:00+00';
  this_slot timestamptz := date_bin(p_width, p_now, origin);
  last_end timestamptz := this_slot + p_width * (p_ahead + 1);
  slots timestamptz[];
  strays timestamptz[];
BEGIN
  IF NOT EXISTS (SELECT FROM tracestore.partition p WHERE p.table_name = p_table) THEN RETURN; END IF;
  slots := ARRAY(
    SELECT slot FROM generate_series(this_slot - p_width * p_behind, last_end - p_width, p_width) AS slot
    WHERE slot + p_width > p_oldest
  );
  EXECUTE format(
    'SELECT ARRAY(SELECT date_bin($1, %1$I, $2) FROM tracestore.%2$I WHERE %1$I >= $3 AND %1$I < $4
       GROUP BY 1 HAVING count(*) >= $5)',
    (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table), p_table || '_default'
  ) INTO strays USING p_width, origin, p_oldest, last_end, p_enough;
  RETURN QUERY
    SELECT lower(gap), upper(gap)
    FROM (SELECT DISTINCT unnest(slots || strays) AS slot) AS wanted
    CROSS JOIN LATERAL unnest(
      tstzmultirange(tstzrange(wanted.slot, wanted.slot + p_width)) - coalesce(
        (
          SELECT range_agg(p.time_range) FROM tracestore.partition p
          WHERE p.table_name = p_table AND p.time_range && tstzrange(wanted.slot, wanted.slot + p_width)
        ),
        '{}'::tstzmultirange
      )
    ) AS gap
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION tracestore.missing_partitions IS 'The time ranges without a partition that should have one: p_behind before and p_ahead after the range of now. Also ranges with p_enough rows in the default partition';
