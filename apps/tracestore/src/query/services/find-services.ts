import { readSqlFile } from '../../sql-file.js';
import type { QueryDatabaseService } from '../query-database.service.js';

const findServicesSql = readSqlFile(import.meta.url, 'find-services.sql');

/**
 * The names of all services that have spans, in the order of their characters' codes. One is known until two days after
 * its last span has gone.
 *
 * @throws TracestoreError
 */
export async function findServices(database: QueryDatabaseService, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await database.query<{ service_name: string }>(findServicesSql, [], signal);
  return rows.map(({ service_name: name }) => name);
}
