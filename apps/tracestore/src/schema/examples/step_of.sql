-- Which step gives a series of some hundred over a day?
SELECT ps_trace.step_of('auto', now() - interval '1 day', now());
