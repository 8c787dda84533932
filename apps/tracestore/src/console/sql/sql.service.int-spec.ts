import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../../config/tracestore.config.js';

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, {
    console: {
      ...readTracestoreConfig({}).console,
      // Users have names, so that one test can be several.
      access: { kind: 'proxy', userHeader: 'x-user' },
      sqlPerMinute: 10_000,
    },
  });
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

interface AskOptions {
  readonly user?: string;
  readonly explain?: string;
  readonly signal?: AbortSignal;
}

function ask(sql: string, { user = 'ann', explain = 'no', signal }: AskOptions = {}): Promise<Response> {
  return fetch(`${store.url}/api/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user': user },
    body: JSON.stringify({ sql, explain }),
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('the catalogue', () => {
  it('has the views that statements read most first, and no functions of operators', async () => {
    const response = await fetch(`${store.url}/api/sql/catalogue`, { headers: { 'x-user': 'ann' } });
    const { relations, functions } = (await response.json()) as {
      readonly relations: readonly { readonly name: string }[];
      readonly functions: readonly { readonly name: string }[];
    };
    expect(relations.slice(0, 4).map(({ name }) => name)).toEqual(['span', 'trace', 'event', 'link']);
    expect(relations.length).toBeGreaterThan(8);
    const names = functions.map(({ name }) => name);
    expect(names).toContain('trace_tree');
    expect(names).toContain('percentile_agg');
    expect(names.filter((name) => /_eq$|_ne$|tag_map_|^set_|^delete_all/.test(name))).toEqual([]);
  });
});

describe('a statement', () => {
  it('with U+0000 is refused as wrong', async () => {
    const response = await ask('SELECT \0 1');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('must not contain U+0000');
  });

  it.each([
    ['DELETE FROM ps_trace.span', 'DELETE'],
    ['/* a /* b */ */ -- c\n (update ps_trace.span SET span_name = 1)', 'UPDATE'],
    ['TRUNCATE tracestore.span', 'TRUNCATE'],
    ['SET ROLE postgres', 'SET'],
    ['CREATE TABLE a (b int)', 'CREATE'],
    ['WITH gone AS (DELETE FROM ps_trace.span RETURNING *) SELECT * FROM gone', ''],
  ])('that changes something is refused, and the response says that this page reads only: %s', async (sql, word) => {
    const response = await ask(sql);
    expect(response.status).toBe(400);
    const { detail } = (await response.json()) as { readonly detail: string };
    expect(detail).toContain('This page reads only');
    expect(detail).toContain(word === '' ? 'or TABLE' : `got ${word}`);
    expect(detail).not.toContain('INSTEAD');
  });

  it('with a misspelt word, or one in which a word that changes something is only a part, is left to PostgreSQL', async () => {
    const response = await ask('SELETC 1');
    expect(((await response.json()) as { readonly detail: string }).detail).toContain(
      'syntax error at or near "SELETC"',
    );
    expect((await ask(`SELECT 'DELETE' AS "delete" -- update`)).status).toBe(200);
  });

  it('may end with semicolons and blanks, however many stand inside of it', async () => {
    expect(await (await ask('SELECT 1 ; \n;\t; ')).json()).toMatchObject({ rows: [[1]] });
    const startedAt = performance.now();
    expect((await ask(`SELECT 1 ${'; '.repeat(49_990)}x`)).status).toBe(400);
    // By backtracking it takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it.each([
    ['comments within comments', '/*'.repeat(16_000)],
    ['an operator', `SELECT 1 ${'+-'.repeat(16_000)}1`],
  ])('with too many operator characters in a row is refused before PostgreSQL parses it: %s', async (_, sql) => {
    for (const explain of ['no', 'plan', 'analyze']) {
      const response = await ask(sql, { explain });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('more than 1000 operator characters in a row');
    }
    const line = '-'.repeat(1_000);
    expect((await ask(`${line}\nSELECT 1 /*${'='.repeat(900)}*/`)).status).toBe(200);
  });

  it.each(['SJIS', 'LATIN1', 'SQL_ASCII', 'EUC_JP'])(
    'that sets its client_encoding to %s is answered in JSON',
    async (encoding) => {
      const response = await ask(
        `SELECT set_config('client_encoding', '${encoding}', false) AS encoding, '表é\u{1F600}' AS word`,
      );
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ rows: [[encoding, '表é\u{1F600}']] });
    },
  );

  it('that waits for a lock fails with busy', async () => {
    const holder = new pg.Client(database.url);
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE tracestore.span IN ACCESS EXCLUSIVE MODE');
      const response = await ask('SELECT count(*) FROM span');
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toMatchObject({ type: 'urn:spandrel:problem:busy' });
    } finally {
      await holder.end();
    }
  });

  it('may take advisory locks, which end with it and which tracestore does not use', async () => {
    const key = '8318255638512821612';
    expect((await ask(`SELECT pg_advisory_lock(${key})`)).status).toBe(200);
    const held = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid::int8 << 32 | objid::int8 = ${key}`;
    // A pool closes an idle connection after 10 s.
    await expect.poll(() => queryOnce(database.url, held), { timeout: 5_000 }).toEqual([]);
  });

  it('cannot write more to temporary files than it may, where the role of the store may set that', async () => {
    const [row] = await queryOnce<{ login: string }>(database.url, 'SELECT session_user::text AS login');
    const login = pg.escapeIdentifier(row?.login ?? '');
    await queryOnce(database.superuserUrl, `GRANT SET ON PARAMETER temp_file_limit TO ${login}`);
    const response = await ask(
      `SELECT current_setting('temp_file_limit') AS before, set_config('temp_file_limit', '-1', false) AS after`,
    );
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('permission denied to set parameter');
    expect(await (await ask(`SELECT current_setting('temp_file_limit') AS most`)).json()).toMatchObject({
      rows: [['1GB']],
    });
    await queryOnce(database.superuserUrl, `REVOKE SET ON PARAMETER temp_file_limit FROM ${login}`);
  });
});

describe('the time expressions of a statement', () => {
  const dayMs = 86_400_000;
  /** Noon of today and of yesterday, UTC. */
  const noons = [0, 1].map((day) => (Math.floor(Date.now() / dayMs) - day) * dayMs + dayMs / 2);

  beforeAll(async () => {
    for (const noon of noons) await sendPasswordTraces(store, noon);
    // So many that the planner prefers an index.
    for (const [table, copies] of [
      ['span', 600],
      ['event', 3_000],
    ] as const) {
      await queryOnce(
        database.url,
        `CREATE TEMP TABLE further AS SELECT t.* FROM tracestore.${table} t, generate_series(1, ${copies});
         UPDATE further SET trace_id = gen_random_uuid();
         INSERT INTO tracestore.${table} SELECT * FROM further;
         DROP TABLE further;
         ANALYZE tracestore.${table}`,
      );
    }
  });

  interface Answer {
    readonly rows?: readonly (readonly unknown[])[];
    readonly plan?: unknown;
    readonly foldedTimes: readonly { readonly expression: string; readonly value: string }[];
    readonly hints: readonly string[];
  }
  const answerTo = async (sql: string, explain = 'no'): Promise<Answer> => {
    const response = await ask(sql, { explain });
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  };

  it('become literals, which the response has, and partitions are skipped when the statement is planned', async () => {
    const sql = `SELECT count(*) FROM span WHERE start_time >= date_trunc('day', now(), 'UTC')`;
    const value = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    const expected = [{ expression: `date_trunc('day', now(), 'UTC')`, value }];
    expect(await answerTo(sql)).toMatchObject({ rows: [[14 * 601]], foldedTimes: expected, hints: [] });
    for (const explain of ['plan', 'analyze']) {
      const { plan, foldedTimes } = await answerTo(sql, explain);
      expect(foldedTimes).toEqual(expected);
      // The number of partitions that are planned and skipped when the statement is executed.
      expect(JSON.stringify(plan)).not.toMatch(/"Subplans Removed":[1-9]/);
      const day = new Date(noons[1] ?? 0).toISOString().slice(0, 10).replaceAll('-', '');
      expect(JSON.stringify(plan)).not.toContain(`span_${day}`);
    }
  });

  it('have the values that they have in the rest of the statement', async () => {
    const sql = `SELECT now() - t AS age FROM generate_series(now() - interval '1 hour', now(), interval '1 hour') AS t WHERE t <= now()`;
    const { rows, foldedTimes } = await answerTo(sql);
    expect(rows).toEqual([['01:00:00'], ['00:00:00']]);
    expect(foldedTimes).toHaveLength(2);
  });

  it('stay where nothing can be gained or the statement is too long', async () => {
    const long = `SELECT count(*) FROM span WHERE start_time > now() AND span_name <> '${'x'.repeat(5_000)}'`;
    for (const sql of ['SELECT now()', `SELECT 1 WHERE clock_timestamp() > 'epoch'`, long]) {
      expect((await answerTo(sql)).foldedTimes).toEqual([]);
    }
  });

  it('are found after a statement that exhausts the parser', async () => {
    expect((await answerTo(`SELECT 1${'+1'.repeat(2_400)} WHERE now() > 'epoch'`)).rows).toEqual([[2_401]]);
    expect((await answerTo(`SELECT 1 WHERE now() > 'epoch'`)).foldedTimes).toHaveLength(1);
  });

  it.each([
    ['SELECT count(*) FROM ps_trace.span', /^Reads every stored span: no condition on start_time skips a partition/],
    [`SELECT count(*) FROM span WHERE span_tags ? 'x'`, /^Reads every stored span: /],
    [`SELECT count(*) FROM span WHERE start_time + interval '1 h' > now()`, /^Reads every stored span: /],
    ['SELECT duration_ms FROM span ORDER BY duration_ms DESC LIMIT 1', /^Reads every stored span: /],
    [
      `SELECT count(*) FROM event WHERE event_name = 'exception'`,
      /^Reads every stored event: no condition on partition_time skips a partition/,
    ],
  ])('that do not help are named in a hint: %s', async (sql, hint) => {
    for (const explain of ['no', 'plan']) {
      expect((await answerTo(sql, explain)).hints.find((each) => hint.test(each))).toBeDefined();
    }
  });

  it.each([
    `SELECT count(*) FROM span WHERE trace_id = '${'0'.repeat(32)}' AND duration_ms > 0`,
    `SELECT count(*) FROM span WHERE start_time > now() - interval '1 minute'`,
    `SELECT count(*) FROM spans_since('1 minute')`,
    'SELECT * FROM span LIMIT 1',
    `SELECT * FROM trace_tree('${'0'.repeat(32)}')`,
  ])('are not missed in a statement that reads little: %s', async (sql) => {
    for (const explain of ['no', 'plan']) expect((await answerTo(sql, explain)).hints).toEqual([]);
  });
});

describe('statements at once', () => {
  const sleeping = async (): Promise<number> => {
    const rows = await queryOnce(
      database.url,
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND wait_event = 'PgSleep'`,
    );
    return rows.length;
  };

  it('of one user leave a connection to others, and are busy beyond that; the schema is there for all', async () => {
    const done = new AbortController();
    const given = Array.from({ length: 3 }, () =>
      ask('SELECT pg_sleep(25)', { user: 'greedy', signal: done.signal }).then(
        (response) => response,
        () => undefined,
      ),
    );
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(2);
    const modest = await ask('SELECT 42 AS answer', { user: 'modest' });
    expect(await modest.json()).toMatchObject({ rows: [[42]] });
    const catalogue = await fetch(`${store.url}/api/sql/catalogue`, { headers: { 'x-user': 'greedy' } });
    expect(catalogue.status).toBe(200);
    const refused = await Promise.any(given);
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused?.json()).toMatchObject({ type: 'urn:spandrel:problem:busy' });
    done.abort();
    await Promise.all(given);
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(0);
    expect((await ask('SELECT 1', { user: 'greedy' })).status).toBe(200);
  });
});
