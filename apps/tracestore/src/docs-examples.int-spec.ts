import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const root = path.join(import.meta.dirname, '../../..');
const documents = [
  'README.md',
  ...['docs', 'docs/runbooks'].flatMap((pages) =>
    readdirSync(path.join(root, pages))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${pages}/${name}`),
  ),
];
const run = promisify(execFile);

/** A fenced block of a document. */
interface Block {
  readonly document: string;
  readonly language: string;
  readonly text: string;
  /** For the title of a test: the document, and the first line of the block. */
  readonly title: string;
}

const blocks: readonly Block[] = documents.flatMap((document) =>
  [...readFileSync(path.join(root, document), 'utf8').matchAll(/^```(\w+)\n(.*?)^```/gms)].map(
    ([, language = '', text = '']) => ({
      document,
      language,
      text,
      title: `${document}: ${text.split('\n')[0]}`,
    }),
  ),
);

/** What a test cannot run, by how it begins behind its comments, and why. */
const notRun: Readonly<Record<string, string>> = {
  'npm start': 'test/stack.e2e-spec.ts starts the stack',
  'npm run sql': 'needs the stack; its SQL is run below',
  'PGPASSFILE=': 'needs the stack and psql; test/stack.e2e-spec.ts connects with that file',
  'npm run bench': 'takes minutes',
  'npm run import': 'needs another store; import/import.int-spec.ts imports from each kind',
  'identity=': 'verifies a published version: there is none yet',
  'npm run test:crash': 'takes minutes, and needs a Collector',
  'curl -i': 'needs the demo services; test/stack.e2e-spec.ts makes the same request',
  'TRACESTORE_HOST=': 'needs the stack; apps/tracestore/src/config/tracestore.config.spec.ts tests the rule',
  pg_dump: 'backup.int-spec.ts runs it',
  pg_restore: 'backup.int-spec.ts runs it',
  'psql --dbname=postgres --file=roles.sql': 'backup.int-spec.ts runs it',
  'DROP SCHEMA': 'it deletes everything; test/cluster/upgrade.cluster-spec.ts runs it',
  'make ': 'needs Docker or a cluster',
  'helm ': 'needs a cluster',
  'kubectl ': 'needs a cluster',
  'docker ': 'needs Docker',
  'kind ': 'needs Docker',
  'skaffold ': 'needs a cluster',
  'ALTER TABLE tracestore.resource':
    'schema/upgrade.int-spec.ts applies the table files of docs/changing-the-schema.md',
  'CREATE INDEX IF NOT EXISTS': 'schema/upgrade.int-spec.ts applies it',
  "SELECT format('CREATE INDEX": 'schema/upgrade.int-spec.ts runs it',
  'CREATE ROLE metrics': 'roles belong to the whole server of the tests',
  'ALTER ROLE grafana': 'roles belong to the whole server of the tests; schema/reader-rights.int-spec.ts makes members',
  'SELECT ps_trace.delete_all_traces()': 'schema/sql-reference.int-spec.ts runs it, after all others',
};

function isRun({ text }: Block): boolean {
  const statement = text.replace(/^(?:--.*\n)*/, '');
  return Object.keys(notRun).every((start) => !statement.startsWith(start));
}

/** A command that asks the store, whatever it has stored. */
function isQuery({ language, text }: Block): boolean {
  return language === 'bash' && /^curl -sG? http:\/\/localhost:(?:8080|3200)/.test(text);
}

let database: FreshDatabase;
let store: RunningTracestore;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'docs-examples-'));
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
  await sendPasswordTraces(store, Date.now() - 60_000);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** As psql fills in its variables. */
const variables: Readonly<Record<string, string>> = {
  from: 'now-1h',
  to: 'now',
  interval: 'auto',
  service: 'generator',
  operation: 'generator.generate',
};

function filled(sql: string): string {
  return sql.replaceAll(/:'(\w+)'/g, (_, name: string) => `'${variables[name] ?? ''}'`);
}

/** A session in which joins keep no order but by chance. */
function hashJoining(): string {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c enable_nestloop=off -c enable_mergejoin=off -c enable_sort=on');
  return url.href;
}

describe('the SQL of', () => {
  it.each(
    blocks.filter((block) => block.language === 'sql' && isRun(block)).map((block) => [block.title, block] as const),
  )('%s… runs', async (_, { text }) => {
    // Of calls nothing is counted yet when these spans have just come.
    await expect(queryOnce(database.url, filled(text))).resolves.toBeDefined();
  });

  const inCommands = documents.flatMap((document) =>
    [...readFileSync(path.join(root, document), 'utf8').matchAll(/-c "(SELECT[^"]*)"/g)].map(
      ([, sql = '']) =>
        [`${document}: ${sql.slice(0, 60)}`, sql.replace("'…'", "'ab000000000000000000000000000001'")] as const,
    ),
  );

  it('commands is found', () => {
    expect(inCommands.length).toBeGreaterThanOrEqual(2);
  });

  it.each(inCommands)('%s… gives an answer', async (_, sql) => {
    expect((await queryOnce(database.url, sql)).length).toBeGreaterThan(0);
  });
});

describe('an example keeps the order that it promises, however its tables are joined:', () => {
  const example = (name: string): string =>
    readFileSync(new URL(`schema/examples/${name}.sql`, import.meta.url), 'utf8');

  it('trace_tree gives parents before their children', async () => {
    const rows = await queryOnce<{ call: string }>(hashJoining(), example('trace_tree'));
    expect(rows.map(({ call }) => call)).toEqual([
      'generator generator.generate',
      '  generator HTTP GET',
      '    lower GET /',
      '      lower HTTP GET',
      '        digit GET /',
      '  generator HTTP GET',
      '    upper GET /',
    ]);
  });

  it('downstream_spans gives parents before their children', async () => {
    const rows = await queryOnce<{ dist: number; service_name: string }>(hashJoining(), example('downstream_spans'));
    expect(rows.map(({ dist, service_name: name }) => `${dist} ${name}`)).toEqual([
      '1 generator',
      '2 lower',
      '1 generator',
      '2 upper',
    ]);
  });

  it.each([
    ['upstream_spans', 'dist'],
    ['sibling_spans', 'start_time'],
  ])('%s is ordered by %s', async (name, column) => {
    const rows = await queryOnce<Readonly<Record<string, number | Date>>>(hashJoining(), example(name));
    const values = rows.map((row) => Number(row[column]));
    expect(values.length).toBeGreaterThan(1);
    expect(values).toEqual(values.toSorted((left, right) => left - right));
  });
});

describe('a command', () => {
  it('of the documents is run by a test, or said not to be', () => {
    const commands = blocks.filter(({ language }) => language === 'bash' || language === 'sh');
    expect(commands.filter((block) => isRun(block) && !isQuery(block)).map(({ title }) => title)).toEqual([
      `docs/console.md: while IFS= read -r line || [ -n "$line" ]; do`,
    ]);
  });

  it.each(blocks.filter(isQuery).map((block) => [block.title, block] as const))(
    'that queries the store gets JSON: %s',
    async (_, { text }) => {
      const command = text
        .replaceAll('http://localhost:8080', store.url)
        .replaceAll('http://localhost:3200', `http://${store.tempoAddress}`);
      const { stdout } = await run('bash', ['-e', '-c', command]);
      expect(JSON.parse(stdout)).toBeTypeOf('object');
    },
  );

  const one = (traceId: string): string =>
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'from a "file" \\' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId,
                  spanId: randomBytes(8).toString('hex'),
                  name: 'line',
                  startTimeUnixNano: '1700000000000000000',
                  endTimeUnixNano: '1700000000000000001',
                },
              ],
            },
          ],
        },
      ],
    });

  it.each([
    ['of one document', 1, ''],
    ['of one document, with a newline at its end', 1, '\n'],
    ['with a document in each line', 3, '\n'],
    ['with a document in each line, the last without an end', 2, ''],
  ])('that stores a file of OTLP/JSON takes one %s', async (_, count, end) => {
    const command =
      blocks.find(({ document, language }) => document === 'docs/console.md' && language === 'bash')?.text ?? '';
    const ids = Array.from({ length: count }, () => randomBytes(16).toString('hex'));
    const file = path.join(folder, 'spans.json');
    writeFileSync(file, ids.map(one).join('\n') + end);
    const script = command.replaceAll('FILE', file).replaceAll('http://localhost:4318/v1/traces', store.tracesUrl);
    expect(script).not.toBe(command);
    await run('bash', ['-e', '-c', script]);
    const rows = await queryOnce<{ trace_id_hex: string }>(
      database.url,
      'SELECT trace_id_hex FROM ps_trace.span WHERE trace_id = ANY ($1::uuid[])',
      [ids],
    );
    expect(rows.map((row) => row.trace_id_hex).toSorted()).toEqual(ids.toSorted());
  });
});
