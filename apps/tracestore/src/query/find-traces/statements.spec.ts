import { describe, expect, it } from 'vitest';
import type { BoundStatement } from '../../sql.js';
import { allOf, attributeIs, everything, fieldCompares, fieldIs, type Filter } from '../filter/filter.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { findTraces } from './find-traces.js';
import { cursorAt } from './page-cursor.js';
import type { TraceSearch } from './trace-search.js';

/*
 * The statements of representative searches, in apps/tracestore/test/statements. `npm run generate` writes these files. They
 * show what a search sends, and a change of them shows in its diff.
 */

const ms = 1_000_000n;
const hour = 3_600_000n * ms;
const noon = 1_700_000_000_000n * ms;

/** What the database answers: the ids of dictionaries, and the rows of the first batch. */
interface Answers {
  readonly storage?: 'partitions' | 'hypertables';
  readonly ids?: readonly (readonly string[])[];
  readonly longestNs?: string;
  readonly isRare?: boolean;
  /** One trace; another batch follows. */
  readonly found?: { readonly traceId: string; readonly position: string };
}

/** Records the statements of a search, and answers with prepared rows: the look-up, then two batches. */
async function statementsOf(search: TraceSearch, answers: Answers): Promise<readonly BoundStatement[]> {
  const statements: BoundStatement[] = [];
  let batches = 0;
  const answer = ({ text }: BoundStatement): readonly object[] => {
    if (text.includes('indexed_operations')) {
      const ids = (answers.ids ?? []).map((known, n) => [`ids_${n}`, known] as const);
      const indexed = answers.storage === 'hypertables' ? 2 : 16;
      return [{ ...Object.fromEntries(ids), longest_ns: answers.longestNs, indexed_operations: indexed }];
    }
    if (!text.includes('low_water_mark')) return [];
    batches += 1;
    const isLast = batches === 2 || (answers.isRare !== true && answers.found === undefined);
    return [
      {
        low_water_mark: isLast ? null : String(noon / 1000n),
        is_rare: answers.isRare === true,
        trace_id: answers.found?.traceId ?? null,
        position: answers.found?.position ?? null,
      },
    ];
  };
  const connection: QueryConnection = {
    query: <Row>(statement: BoundStatement) => {
      statements.push(statement);
      return Promise.resolve(answer(statement) as readonly Row[]);
    },
    lend: () => () => true,
    release: () => undefined,
  };
  const database = { timeoutMs: 60_000, connect: () => Promise.resolve(connection) };
  await findTraces(database as unknown as QueryDatabaseService, search);
  return statements;
}

const service = fieldIs('resource.service', 'cart');
const operation = allOf(service, fieldIs('span.name', 'GET /cart'));
const onSpan = (attribute: string) => ({ attribute, levels: ['span'] as const });
const text = (value: string) => ({ type: 'string', value }) as const;

const serviceId = '81985529216486895';
const operationIds = ['1311768467294899695', '-81985529216486896'];
const traceId = '0af7651916cd43dd8448eb211c80319c';

type Example = [name: string, filter: Filter, over?: Partial<TraceSearch>, answers?: Answers];

const examples: Example[] = [
  ['newest', everything],
  ['slowest', everything, { order: 'slowest' }],
  ['newest-rare', attributeIs('user.id', text('ann'), ['span']), {}, { isRare: true }],
  ['newest-next-page', everything, { cursor: cursorAt('newest', { traceId, position: noon / 1000n - 1n }) }],
  [
    'newest-next-page-of-attribute',
    attributeIs('user.id', text('ann'), ['span']),
    { cursor: cursorAt('newest', { traceId, position: noon / 1000n - 1n }) },
    { found: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', position: String(noon / 1000n - 5_000_000n) } },
  ],
  [
    'slowest-next-page',
    service,
    { order: 'slowest', cursor: cursorAt('slowest', { traceId, position: 250n * ms }) },
    { ids: [[serviceId]], found: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', position: '200000000' } },
  ],
  ['service', service, {}, { ids: [Array.from({ length: 20 }, (_, n) => String(n + 1))] }],
  ['operation', operation, {}, { ids: [operationIds.slice(0, 1)] }],
  ['operation-slowest', operation, { order: 'slowest' }, { ids: [operationIds.slice(0, 1)] }],
  [
    'operations',
    { op: 'in', reference: { field: 'span.name' }, values: [text('GET /'), text('GET /cart')] },
    {},
    { ids: [[...operationIds, '7']] },
  ],
  [
    'operations-timescaledb',
    { op: 'in', reference: { field: 'span.name' }, values: [text('GET /'), text('GET /cart')] },
    {},
    { storage: 'hypertables', ids: [[...operationIds, '7']] },
  ],
  ['attribute-string', attributeIs('http.route', text('/cart/{id}'), ['span'])],
  ['attribute-number', { op: 'gte', reference: onSpan('http.status_code'), value: { type: 'int', value: 500n } }],
  ['attribute-double', { op: 'lt', reference: onSpan('load'), value: { type: 'double', value: 0.5 } }],
  ['attribute-any-type', attributeIs('retries', { type: 'any', text: '5' }, ['span'])],
  ['attribute-list', attributeIs('tags', { type: 'any', text: '["a","b"]' }, ['span'])],
  ['attribute-exists', { op: 'exists', reference: onSpan('exception.type') }],
  ['attribute-regex', { op: 'regex', reference: onSpan('url.full'), pattern: 'https://.*/cart' }],
  ['attribute-negated', { op: 'ne', reference: onSpan('http.method'), value: text('GET') }],
  ['attribute-not', { op: 'not', filter: attributeIs('http.method', text('GET'), ['span']) }],
  ['attribute-any-level', attributeIs('user.id', text('ann'))],
  ['resource-attribute', attributeIs('service.namespace', text('shop'), ['resource']), {}, { ids: [[serviceId]] }],
  [
    'duration',
    allOf(fieldCompares('span.duration', 'gte', 100n * ms), fieldCompares('span.duration', 'lte', 400n * ms)),
  ],
  [
    'duration-of-service',
    allOf(service, fieldCompares('span.duration', 'gte', 100n * ms)),
    {},
    { ids: [operationIds], longestNs: '1500000000' },
  ],
  ['status-of-service', allOf(service, fieldIs('span.status', 'error')), {}, { ids: [operationIds] }],
  [
    'error-in-status-or-attribute',
    allOf(service, {
      op: 'or',
      filters: [fieldIs('span.status', 'error'), attributeIs('error', { type: 'bool', value: true }, ['span'])],
    }),
    {},
    { ids: [operationIds] },
  ],
  ['text', { op: 'contains', text: '100 %' }, {}, { ids: [operationIds, [serviceId], []] }],
  ['trace-id', fieldIs('span.trace_id', traceId)],
  [
    'event',
    {
      op: 'some',
      level: 'event',
      filter: allOf(fieldIs('event.name', 'exception'), attributeIs('exception.type', text('Error'), ['event'])),
    },
  ],
  [
    'caller',
    allOf(service, { op: 'called_by', service: 'gateway', operation: undefined }),
    {},
    { ids: [operationIds] },
  ],
  ['event-after-start', fieldCompares('event.time_since_start', 'gt', 10n * ms)],
  [
    'combination',
    allOf(
      service,
      {
        op: 'or',
        filters: [
          attributeIs('http.route', text('/cart'), ['span']),
          { op: 'not', filter: fieldCompares('span.duration', 'lt', 50n * ms) },
        ],
      },
      fieldIs('span.kind', 'server'),
    ),
    { order: 'slowest' },
    { ids: [operationIds], longestNs: '1500000000' },
  ],
];

/** A file for people: the search, and its statements with their values. */
function documented(search: TraceSearch, statements: readonly BoundStatement[]): string {
  const head = `-- Search: ${JSON.stringify(search, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
  const sections = statements.map(
    ({ text: sql, values }) => `${values.map((value, n) => `-- $${n + 1} = ${shown(value)}\n`).join('')}${sql};\n`,
  );
  return [head, ...sections].join('\n');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `{${value.join(', ')}}`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

describe('the statements of a search', () => {
  it.each<Example>(examples)('are those of statements/%s.sql', async (name, filter, over = {}, answers = {}) => {
    const range = { startTimeMinUnixNano: noon - hour, startTimeMaxUnixNano: noon };
    const search = { filter, limit: 20, ...range, ...over };
    const written = documented(search, await statementsOf(search, answers));
    await expect(written).toMatchFileSnapshot(`../../../test/statements/${name}.sql`);
  });
});
