-- Returns the names of the services that were seen last, as many as fit, in the order of their code points.
-- :'max_bytes'  the limit on the bytes of all names, with 200 more for each name.
WITH named AS (
  SELECT service_name COLLATE "C" AS service_name, max(last_seen) AS last_seen
  FROM tracestore.operation
  GROUP BY 1
),
measured AS (
  SELECT service_name, sum(200 + octet_length(service_name)) OVER (ORDER BY last_seen DESC, service_name) AS bytes
  FROM named
)
SELECT service_name
FROM measured
WHERE bytes <= :'max_bytes'
ORDER BY service_name;
