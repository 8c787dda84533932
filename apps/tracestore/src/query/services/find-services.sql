-- Which services are known? Each name once.
SELECT DISTINCT service_name COLLATE "C" AS service_name
FROM tracestore.operation
ORDER BY 1
