-- Returns the names of all services, in the order of their code points.
SELECT DISTINCT service_name COLLATE "C" AS service_name
FROM tracestore.operation
ORDER BY 1;
