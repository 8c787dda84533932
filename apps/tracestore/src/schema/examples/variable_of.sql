-- In Grafana, the argument is '${service:percentencode}'.
SELECT count(*) FROM ps_trace.span WHERE service_name = ps_trace.variable_of('Job%24run%28daily%29');
