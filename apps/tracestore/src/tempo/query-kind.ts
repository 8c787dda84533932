import { parseQuery, TraceqlError } from '@spandrel/traceql';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/**
 * Whether a query is one for metrics, rather than a search.
 *
 * @throws TracestoreError `invalid` for a text that is not a query
 */
export function isMetricsQuery(query: string): boolean {
  try {
    return parseQuery(query).body.node !== 'pipeline';
  } catch (error) {
    if (!(error instanceof TraceqlError)) throw error;
    throw new TracestoreError(errorKinds.invalid, `invalid TraceQL query: ${error.message}`, { cause: error });
  }
}
