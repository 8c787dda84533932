-- Which time was an hour ago?
SELECT ps_trace.time_of('now-1h');
