import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { countNewCalls, prepareForRuns } from '../apps/tracestore/src/aggregate/aggregation-run.js';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryAsReader, startTracestore } from '@spandrel/testing/running-tracestore';
import { printResults } from '../stack/print-results.ts';
import { type AnswerRow, computeAnswers } from './answers.ts';
import { lessonsFolder, readLessons, withResults } from './lessons.ts';
import { recordSpans } from './recording.ts';
import { sendRecording, startOfRecording } from './send.ts';

const lessons = readLessons();
const queries = lessons.flatMap(({ queries: own }) => own);
const answers = computeAnswers(recordSpans());

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
  // The aggregation of the store runs every ten seconds.
  const client = new pg.Client(database.url);
  await client.connect();
  await prepareForRuns(client);
  while (!(await countNewCalls(client, 1_000_000)).isLast);
  await client.end();
});

afterAll(() => database?.drop());

/** What `npm run sql` prints of a query of a reader. */
async function outputOf(sql: string): Promise<string> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(stripVTControlCharacters(text.toString()));
    return true;
  });
  try {
    await printResults(database.url, sql, { maxRows: 1_000, role: 'ps_trace_reader' });
  } finally {
    write.mockRestore();
  }
  return lines.join('').trimEnd();
}

/** A result as numbers and text: PostgreSQL returns int8 and numeric as text. */
function valueOf(value: unknown, expected: string | number | undefined): string | number {
  return typeof expected === 'number' ? Number(value) : String(value);
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
    expect(recordSpans()).toEqual(recordSpans());
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
      const results: string[] = [];
      for (const { sql } of lesson.queries) results.push(await outputOf(sql));
      await expect(withResults(lesson, results)).toMatchFileSnapshot(path.join(lessonsFolder, file));
    },
  );

  it.each(queries.map((query) => [query.question, query] as const))(
    'a reader gets the computed answer: %s',
    async (question, { sql }) => {
      const { rows, tolerance = 1e-9 } = answers.get(question) ?? { rows: [] };
      const found = await queryAsReader<Record<string, unknown>>(database.url, sql);
      const actual = found.map((row, index) =>
        Object.values(row).map((value, column) => valueOf(value, rows[index]?.[column])),
      );
      expectNear(actual, rows, tolerance);
    },
  );

  it('has SQL for each query in TraceQL, which returns the number of its traces', () => {
    const inTraceql = queries.filter(({ traceql }) => traceql !== undefined);
    expect(inTraceql).toHaveLength(5);
    for (const { sql } of inTraceql) expect(sql).toMatch(/\bAS traces\n/);
  });
});
