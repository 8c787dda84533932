-- The known services, each name once. Of more names than fit into $1 bytes, 200 more for each, the list has those that
-- were seen last.
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
WHERE bytes <= $1
ORDER BY 1
