-- Which step gives a series with some hundred points over a day?
SELECT ps_trace.step_of('auto', now() - interval '1 day', now());
