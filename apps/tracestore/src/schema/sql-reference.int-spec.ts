import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { createReaderLogin, type ReaderLogin } from '@spandrel/testing/reader-login';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { readSqlFile } from '../sql-file.js';

const readReference = readSqlFile(import.meta.url, 'sql-reference.sql');
const examplesFolder = new URL('examples/', import.meta.url);
const examples = readdirSync(examplesFolder).toSorted();

let database: FreshDatabase;
let reader: ReaderLogin;

beforeAll(async () => {
  database = await createFreshDatabase();
  const store = await startTracestore(database.url);
  await sendPasswordTraces(store, Date.now() - 60_000);
  await store.stop();
  reader = await createReaderLogin(database.url);
});

afterAll(async () => {
  await reader.drop();
  await database.drop();
});

/** What the catalogue says of one thing that users see; of functions an entry for each signature. */
interface Entry {
  readonly kind: 'type' | 'view' | 'function' | 'operator' | 'role';
  readonly name: string;
  /** What follows the name: a type's definition, a function's arguments and result. */
  readonly definition: string;
  readonly comment: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly comment: string | null }[];
}

function readEntries(): Promise<readonly Entry[]> {
  const url = new URL(database.url);
  // So that names are written with their schemas, whatever search_path the role has.
  url.searchParams.set('options', '-c search_path=pg_catalog');
  return queryOnce<Entry>(url.href, readReference);
}

const exampleOf = (file: string): string => readFileSync(new URL(file, examplesFolder), 'utf8').trimEnd();

describe('docs/sql-reference.md', () => {
  // `npm run generate` writes it.
  it('says what the catalogue says', async () => {
    const entries = await readEntries();
    const of = (kind: Entry['kind']): readonly Entry[] => entries.filter((entry) => entry.kind === kind);
    const sections = [
      '# SQL reference',
      'Made by `npm run generate` of what the database says of itself; `\\d+ ps_trace.*` in psql says the same.',
      '## Views',
      ...of('view').map(viewSection),
      '## Functions',
      ...[...Map.groupBy(of('function'), ({ name }) => name)].map(functionSection),
      '## Types',
      ...of('type').map(({ name, definition, comment }) => `\`${name}\` ${definition}: ${comment}.`),
      '## Operators',
      of('operator')
        .map(({ definition, comment }) => `- \`${definition}\`: ${comment}`)
        .join('\n'),
      '## Roles',
      ...of('role').map(({ name, comment }) => `\`${name}\`: ${comment}.`),
    ];
    await expect(`${sections.join('\n\n')}\n`).toMatchFileSnapshot('../../../../docs/sql-reference.md');
  });

  it('has a word on everything', async () => {
    const silent = (await readEntries()).flatMap(({ kind, name, comment, columns }) => [
      ...(comment === null ? [`${kind} ${name}`] : []),
      ...columns.filter((column) => column.comment === null).map((column) => `column ${name}.${column.name}`),
    ]);
    expect(silent).toEqual([]);
  });
});

describe('an example', () => {
  it('is there for every function, and for nothing else', async () => {
    const functions = (await readEntries()).filter(({ kind }) => kind === 'function').map(({ name }) => name);
    expect(new Set(examples.map((file) => `ps_trace.${file.split('.')[0]}`))).toEqual(new Set(functions));
  });

  it.each(examples.filter((file) => file !== 'delete_all_traces.sql'))('%s gives an answer', async (file) => {
    const url = /^(set|confirm)_/.test(file) ? database.url : reader.url;
    const rows = await queryOnce(url, exampleOf(file));
    // Of calls nothing is counted yet when these spans have just come; the traces have no problems and no calls of models; and
    // the ranges of literal times are long past.
    expect(rows.length).toBeGreaterThanOrEqual(
      /^(counted_step|operation_call|operation_call_total|(up|down)stream_calls|self_time_below|requests_compared|self_time_percentiles_below|service_call|gen_ai_call|attribute_differences|(spans|events|links)_between|trace_problems\.of-a-(trace|range))\.sql$/.test(
        file,
      )
        ? 0
        : 1,
    );
  });

  it('of deleting everything leaves a store that can go on', async () => {
    await queryOnce(database.url, exampleOf('delete_all_traces.sql'));
    const counts = `SELECT (SELECT count(*)::int FROM ps_trace.span) AS spans, (SELECT count(*)::int FROM ps_trace.event) AS events,
      (SELECT count(*)::int FROM ps_trace.link) AS links`;
    expect(await queryOnce(database.url, counts)).toEqual([{ spans: 0, events: 0, links: 0 }]);
    const store = await startTracestore(database.url);
    await sendPasswordTraces(store, Date.now());
    await store.stop();
    expect(await queryOnce(database.url, counts)).toEqual([{ spans: 14, events: 2, links: 1 }]);
    expect(await queryOnce(database.url, `SELECT FROM ps_trace.span WHERE service_name = 'lower'`)).toHaveLength(4);
  });
});

function viewSection({ name, comment, columns }: Entry): string {
  const rows = columns.map((column) => `| \`${column.name}\` | \`${column.type}\` | ${cell(column.comment)} |`);
  return [`### ${name}`, `${comment}.`, ['| column | type | |', '| --- | --- | --- |', ...rows].join('\n')].join(
    '\n\n',
  );
}

function functionSection([name, overloads]: readonly [string, readonly Entry[]]): string {
  const own = examples.filter((file) => `ps_trace.${file.split('.')[0]}` === name);
  return [
    `### ${name}`,
    ...overloads.flatMap(({ definition, comment }) => [`\`\`\`\n${name}${definition}\n\`\`\``, `${comment}.`]),
    ...own.map((file) => `\`\`\`sql\n${exampleOf(file)}\n\`\`\``),
  ].join('\n\n');
}

function cell(text: string | null): string {
  return (text ?? '').replaceAll('|', '\\|');
}
