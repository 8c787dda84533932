import { describe, expect, it } from 'vitest';
import type { BoundStatement } from '../../sql.js';
import { allOf, attributeIs, fieldIs } from '../filter/filter.js';
import { findSpans } from '../find-spans/find-spans.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { searchTraces, type WholeTraceSearch } from './search-traces.js';

/* The statements of representative searches of the console, in apps/tracestore/test/statements, as those of find-traces. */

const ms = 1_000_000n;
const noon = 1_700_000_000_000n * ms;
const range = { startTimeMinUnixNano: noon - 3_600_000n * ms, startTimeMaxUnixNano: noon };
const traceId = '0af7651916cd43dd8448eb211c80319c';

/** Records the statements of a search, and answers with one candidate. */
async function statementsOf(run: (database: QueryDatabaseService) => Promise<unknown>): Promise<string> {
  const statements: BoundStatement[] = [];
  const answer = ({ text }: BoundStatement): readonly object[] => {
    if (text.includes('indexed_operations')) return [{ ids_0: ['81985529216486895'], indexed_operations: 16 }];
    if (text.includes('AS candidate') || text.includes('candidate AS')) {
      return [{ blocks: '1', low_water_mark: null, trace_id: traceId, bound: String(noon / 1000n) }];
    }
    return [{ low_water_mark: null, trace_id: null }];
  };
  const connection: QueryConnection = {
    query: <Row>(statement: BoundStatement) => {
      statements.push(statement);
      return Promise.resolve((statement.text.includes('is_match') ? [] : answer(statement)) as readonly Row[]);
    },
    lend: () => () => true,
    release: () => undefined,
  };
  const database = { timeoutMs: 60_000, connect: () => Promise.resolve(connection) };
  await run(database as unknown as QueryDatabaseService);
  return statements
    .map(({ text, values }) => `${values.map((value, n) => `-- $${n + 1} = ${shown(value)}\n`).join('')}${text};\n`)
    .join('\n');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `{${value.join(', ')}}`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

const service = fieldIs('resource.service', 'cart');

const searches: readonly (readonly [name: string, search: Partial<WholeTraceSearch>])[] = [
  ['whole-traces-newest', {}],
  ['whole-traces-slowest', { order: 'slowest', filter: service }],
  ['whole-traces-duration', { durationMinNs: 100n * ms, durationMaxNs: 2_000n * ms, filter: service }],
];

describe('the statements of a search for whole traces', () => {
  it.each(searches)('are those of statements/%s.sql', async (name, search) => {
    const written = await statementsOf((database) => searchTraces(database, { limit: 20, ...range, ...search }));
    await expect(written).toMatchFileSnapshot(`../../../test/statements/${name}.sql`);
  });

  it.each(['newest', 'slowest'] as const)('for spans are those of statements/spans-%s.sql', async (order) => {
    const filter = allOf(service, attributeIs('user.id', { type: 'string', value: 'ann' }, ['span']));
    const written = await statementsOf((database) =>
      findSpans(database, { filter, ...range, order, limit: 20, attributeKeys: ['http.route'] }),
    );
    await expect(written).toMatchFileSnapshot(`../../../test/statements/spans-${order}.sql`);
  });
});
