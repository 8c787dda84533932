-- From which figures would the calls of the last day be summed?
SELECT ps_trace.call_cover(now() - interval '1 day', now(), interval '1 hour');
