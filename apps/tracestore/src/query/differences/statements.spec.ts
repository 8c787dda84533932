import { describe, expect, it } from 'vitest';
import type { BoundStatement } from '../../sql.js';
import { allOf, attributeIs, everything, fieldIs, type Filter } from '../filter/filter.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { findDifferences } from './find-differences.js';
import { groupSpans } from './group-spans.js';

/*
 * The statements of representative comparisons and groups, in apps/tracestore/test/statements. `npm run generate` writes these
 * files.
 */

const hourNs = 3_600_000_000_000n;
const noon = 1_700_000_000_000_000_000n;
const range = { startTimeMinUnixNano: noon - hourNs, startTimeMaxUnixNano: noon };
const traceIds = ['0af76519-16cd-43dd-8448-eb211c80319c', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'];

/** A database that records statements. One of its two traces is selected, and there are more traces. */
function recorder(): { readonly database: QueryDatabaseService; readonly statements: BoundStatement[] } {
  const statements: BoundStatement[] = [];
  const answer = ({ text }: BoundStatement): readonly object[] => {
    if (text.includes('sampled_share')) return traceIds.map((trace_id) => ({ trace_id, sampled_share: 0.1 }));
    if (!text.includes('is_selected')) return [];
    return traceIds.map((trace_id, n) => ({
      trace_id,
      start_ns: String(noon),
      duration_ns: '5000000',
      is_selected: n === 0,
    }));
  };
  const connection: QueryConnection = {
    query: <Row>(statement: BoundStatement) => {
      statements.push(statement);
      return Promise.resolve(answer(statement) as readonly Row[]);
    },
    lend: () => () => true,
    release: () => undefined,
  };
  return { statements, database: { connect: () => Promise.resolve(connection) } as unknown as QueryDatabaseService };
}

/** A file for people: the statements with their values. */
function documented(head: string, statements: readonly BoundStatement[]): string {
  const shown = (value: unknown): string => {
    if (Array.isArray(value)) return `{${value.join(', ')}}`;
    return typeof value === 'string' ? `'${value}'` : String(value);
  };
  const sections = statements.map(
    ({ text, values }) => `${values.map((value, n) => `-- $${n + 1} = ${shown(value)}\n`).join('')}${text};\n`,
  );
  return [`-- ${head}\n`, ...sections].join('\n');
}

describe('the statements of a comparison', () => {
  it.each<readonly [string, Filter, Filter]>([
    ['differences-errors', everything, fieldIs('span.status', 'error')],
    [
      'differences-attribute',
      allOf(fieldIs('resource.service', 'cart'), fieldIs('span.name', 'GET /cart')),
      attributeIs('user.tier', { type: 'any', text: 'gold' }),
    ],
  ])('are those of statements/%s.sql', async (name, filter, selected) => {
    const { database, statements } = recorder();
    await findDifferences(database, { filter, ...range }, { filter: selected });
    await expect(documented(name, statements)).toMatchFileSnapshot(`../../../test/statements/${name}.sql`);
  });
});

describe('the statements of groups', () => {
  it.each([
    ['groups-operation', { field: 'operation' }],
    ['groups-attribute', { attribute: `o'clock` }],
  ] as const)('are those of statements/%s.sql', async (name, by) => {
    const { database, statements } = recorder();
    await groupSpans(database, { filter: fieldIs('resource.service', 'cart'), ...range }, by);
    await expect(documented(name, statements)).toMatchFileSnapshot(`../../../test/statements/${name}.sql`);
  });
});
