-- Returns the times between which the events and links of an hour's spans are. A span has the range of its events' times, which
-- is empty if they are equal: such events are looked for while the spans of the hour run, and elsewhere if they are not there.
-- :'from'   the start of the hour.
-- :'until'  its end.
SELECT
  coalesce(least(min(start_time), min(lower(event_time))), :'from'::timestamptz)::text AS first_time,
  coalesce(greatest(max(end_time), max(upper(event_time))), :'until'::timestamptz)::text AS last_time
FROM _ps_trace.span
WHERE start_time >= :'from'::timestamptz AND start_time < :'until'::timestamptz;
