import { afterEach, describe, expect, it } from 'vitest';
import { SqlParser, type SqlParserLimits } from './sql-parser.ts';

const limits: SqlParserLimits = { maxCharacters: 30_000, timeoutMs: 20_000, maxWaiting: 3, idleMs: 60_000 };
const good = 'SELECT 1 WHERE now() > $$epoch$$';

let parser: SqlParser;
afterEach(() => parser.close());

const isParsed = async (text: string): Promise<boolean> => (await parser.timesOf(text)) !== undefined;

describe('a parser', () => {
  it.each([
    ['sums', `SELECT 1${'+1'.repeat(9_000)}`],
    ['subqueries', `SELECT ${'(SELECT '.repeat(1_500)}1${')'.repeat(1_500)}`],
  ])('goes on after thousands of nested %s', async (_, text) => {
    parser = new SqlParser(limits);
    // Whether its stack is enough depends on the machine.
    await parser.timesOf(text);
    expect(await parser.timesOf(good)).toMatchObject({ times: [{ start: 15, end: 20 }] });
  });

  it('gives up a text that takes too long', async () => {
    parser = new SqlParser({ ...limits, timeoutMs: 100 });
    // It parses, but comments in comments take a time that is quadratic: some ten seconds.
    expect(await isParsed(`${'/*'.repeat(7_000)}${'*/'.repeat(7_000)} SELECT 1`)).toBe(false);
  });

  it('leaves texts that are too long', async () => {
    parser = new SqlParser({ ...limits, maxCharacters: good.length });
    expect([await isParsed(good), await isParsed(`${good} `)]).toEqual([true, false]);
  });

  it('leaves texts while too many wait', async () => {
    parser = new SqlParser(limits);
    expect(await Promise.all([good, good, good, good].map(isParsed))).toEqual([true, true, true, false]);
    expect(await isParsed(good)).toBe(true);
  });

  it('starts again after it was idle', async () => {
    parser = new SqlParser({ ...limits, idleMs: 1 });
    expect(await isParsed(good)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await isParsed(good)).toBe(true);
  });
});
