import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countNewCalls, prepareForRuns } from '../apps/tracestore/src/aggregate/aggregation-run.js';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { startTracestore } from '@spandrel/testing/running-tracestore';
import { asText, linesOf, type TextResult } from '../stack/print-results.ts';
import { type AnswerRow, computeAnswers } from './answers.ts';
import { lessonsFolder, readLessons, withResults } from './lessons.ts';
import { recordSpans } from './recording.ts';
import { sendRecording, startOfRecording } from './send.ts';

const lessons = readLessons();
const queries = lessons.flatMap(({ queries: own }) => own);
const spans = recordSpans();
const answers = computeAnswers(spans);
/** The results of all queries, which a reader ran, by their questions. */
const results = new Map<string, TextResult>();

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
  const store = await startTracestore(database.url);
  const endpoint = new URL(store.tracesUrl).origin;
  const startMs = startOfRecording(Date.now());
  await sendRecording(endpoint, startMs);
  // Loaded again within five minutes, it is stored once.
  await sendRecording(endpoint, startMs);
  await store.stop();
  const client = new pg.Client(database.url);
  await client.connect();
  // The aggregation of the store runs every ten seconds.
  await prepareForRuns(client);
  while (!(await countNewCalls(client, 1_000_000)).isLast);
  await client.query('SET ROLE ps_trace_reader');
  for (const { question, sql } of queries)
    results.set(question, (await client.query({ text: sql, ...asText })) as unknown as TextResult);
  await client.end();
});

afterAll(() => database?.drop());

function resultOf(question: string): TextResult {
  const result = results.get(question);
  if (result === undefined) throw new Error(`no result of: ${question}`);
  return result;
}

function expectNear(actual: readonly AnswerRow[], expected: readonly AnswerRow[], tolerance: number): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  const differing = actual.flatMap((row, index) =>
    row.flatMap((value, column) => {
      const wanted = expected[index]?.[column] ?? '';
      const isEqual =
        typeof value === 'number' &&
        typeof wanted === 'number' &&
        !(Number.isInteger(wanted) && Number.isInteger(value))
          ? Math.abs(value - wanted) <= tolerance * Math.abs(wanted)
          : value === wanted;
      return isEqual ? [] : [{ index, column, value, wanted }];
    }),
  );
  expect(differing).toEqual([]);
}

describe('the recording', () => {
  it('has the same spans in every run', () => {
    expect(JSON.stringify(recordSpans())).toBe(JSON.stringify(spans));
    const introduction = readFileSync(path.join(lessonsFolder, 'README.md'), 'utf8');
    expect(introduction).toContain(`${spans.length.toLocaleString('en')} spans`);
  });

  it('ends within the last five minutes, at a multiple of five minutes, when it is loaded', () => {
    expect(startOfRecording(Date.parse('2026-03-29T13:34:59Z'))).toBe(Date.parse('2026-03-29T13:00:00Z'));
    expect(startOfRecording(Date.parse('2026-03-29T13:35:00Z'))).toBe(Date.parse('2026-03-29T13:05:00Z'));
  });
});

describe('the workshop', () => {
  it('has eight lessons, and an answer for each of their queries', () => {
    expect(lessons.map(({ file }) => file.slice(0, 2))).toEqual(['01', '02', '03', '04', '05', '06', '07', '08']);
    expect(queries.map(({ question }) => question)).toEqual([...answers.keys()]);
  });

  it.each(lessons.map((lesson) => [lesson.file, lesson] as const))(
    '%s shows the results that npm run sql prints',
    async (file, lesson) => {
      const printed = lesson.queries.map(({ question }) => linesOf(resultOf(question), { maxRows: 1_000 }).join('\n'));
      const text = withResults(lesson, printed.map(stripVTControlCharacters));
      await expect(text).toMatchFileSnapshot(path.join(lessonsFolder, file));
    },
  );

  it.each(queries.map(({ question }) => question))('a reader gets the computed answer: %s', (question) => {
    const { rows, tolerance = 1e-9 } = answers.get(question) ?? { rows: [] };
    const actual = resultOf(question).rows.map((row, index) =>
      // Numbers are compared as numbers.
      row.map((value, column) => (typeof rows[index]?.[column] === 'number' ? Number(value) : (value ?? ''))),
    );
    expectNear(actual, rows, tolerance);
  });

  it('has SQL for each query in TraceQL, which returns the number of its traces', () => {
    const inTraceql = queries.filter(({ traceql }) => traceql !== undefined);
    expect(inTraceql).toHaveLength(5);
    for (const { sql } of inTraceql) expect(sql).toMatch(/\bAS traces\n/);
  });
});
