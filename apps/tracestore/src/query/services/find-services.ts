import { limits } from '../../limits.js';
import { readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';

const allServices = readSql(import.meta.url, 'find-services.sql');
const latestServices = readSql<{ readonly max_bytes: number }>(import.meta.url, 'find-latest-services.sql');

/**
 * Find the names of all services, in the order of their code points. A name stays for two days after the last span of the
 * service was deleted. A list that is too long has the names that were seen last.
 *
 * @throws TracestoreError
 */
export async function findServices(database: QueryDatabaseService, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await database.queryList<{ service_name: string }>(
    allServices.bind(),
    latestServices.bind({ max_bytes: limits.nameListBytes.value }),
    limits.nameListBytes.value,
    signal,
  );
  return rows.map(({ service_name: name }) => name);
}
