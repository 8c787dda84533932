import type { ClientConfig } from 'pg';

const connectTimeoutMs = 5_000;

/** How the processes of tracestore connect to the database. @param applicationName for `pg_stat_activity` */
export function connectionOf(databaseUrl: string, applicationName = 'tracestore'): ClientConfig {
  return {
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: applicationName,
    keepAlive: true,
  };
}
