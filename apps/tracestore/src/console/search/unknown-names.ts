import { nanoOf, type SearchQuery, type UnknownName } from '@spandrel/console-api';
import { allOf, fieldIs, type Filter, levels } from '../../query/filter/filter.js';
import { findTraces } from '../../query/find-traces/find-traces.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { parseCondition } from './search-filter.js';

/**
 * Find the names of a search without results that no span has in its time range. An operation is searched for in its service,
 * if the search names one, and only if this service is known.
 *
 * @throws TracestoreError
 */
export async function unknownNames(
  database: QueryDatabaseService,
  { service, operation, attribute, from, to }: Pick<SearchQuery, 'service' | 'operation' | 'attribute' | 'from' | 'to'>,
  signal: AbortSignal,
): Promise<UnknownName[]> {
  const isKnown = async (filter: Filter): Promise<boolean> => {
    const range = { startTimeMinUnixNano: nanoOf(from), startTimeMaxUnixNano: nanoOf(to) };
    const { traces } = await findTraces(database, { filter, ...range, limit: 1 }, signal);
    return traces.length > 0;
  };
  const unknown: UnknownName[] = [];
  const ofService = service === undefined ? [] : [fieldIs('resource.service', service)];
  if (service !== undefined && !(await isKnown(allOf(...ofService)))) {
    unknown.push({ parameter: 'service', name: service });
  } else if (operation !== undefined && !(await isKnown(allOf(...ofService, fieldIs('span.name', operation))))) {
    unknown.push({ parameter: 'operation', name: operation });
  }
  for (const key of new Set(attribute.map((condition) => parseCondition(condition).key))) {
    if (!(await isKnown({ op: 'exists', reference: { attribute: key, levels } }))) {
      unknown.push({ parameter: 'attribute', name: key });
    }
  }
  return unknown;
}
