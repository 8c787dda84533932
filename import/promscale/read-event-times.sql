-- Returns the times between which the events and links of an hour's spans are. A span has the range of its events' times. The
-- range is empty if all times are equal. Then these events are searched while the spans of the hour run, or else at any time.
-- :'from'   the start of the hour.
-- :'until'  its end.
SELECT
  coalesce(least(min(start_time), min(lower(event_time))), :'from'::timestamptz)::text AS first_time,
  coalesce(greatest(max(end_time), max(upper(event_time))), :'until'::timestamptz)::text AS last_time
FROM _ps_trace.span
WHERE start_time >= :'from'::timestamptz AND start_time < :'until'::timestamptz;
