import type { Query } from './ast.js';
import { parseSyntax } from './parser.js';
import { simplifyQuery } from './simplify.js';
import { validateQuery } from './validate.js';

/**
 * Reads and checks a query of a search or of metrics.
 *
 * @param text at most `maxQueryBytes` bytes
 * @returns the tree, as the query is written
 * @throws {TraceqlError} for every other text; no other error
 */
export function parseQuery(text: string): Query {
  const query = parseSyntax(text);
  return { ...query, extensions: validateQuery(text, simplifyQuery(query)) };
}
