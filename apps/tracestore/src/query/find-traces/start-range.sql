-- Whether the span `s` starts in a range of time, to the nanosecond.
-- :'start_min'        the first start, to the microsecond.
-- :'start_min_nanos'  the nanoseconds after it.
-- :'start_max'        the last start, to the microsecond.
-- :'start_max_nanos'  the nanoseconds after it.
s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
AND (s.start_time > :'start_min'::timestamptz OR s.start_nanos >= :'start_min_nanos')
AND (s.start_time < :'start_max'::timestamptz OR s.start_nanos <= :'start_max_nanos')
