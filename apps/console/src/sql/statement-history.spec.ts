import { expect, it } from 'vitest';
import { type HistoryEntry, matchingEntries, withEntry } from './statement-history.ts';

const entryOf = (sql: string, atMs = 0): HistoryEntry => ({ sql, atMs, elapsedMs: 1, rows: 1, error: undefined });

it('the history of statements has the latest first, each statement once', () => {
  const history = ['a', 'b', 'a'].reduce<readonly HistoryEntry[]>((all, sql, n) => withEntry(all, entryOf(sql, n)), []);
  expect(history.map(({ sql, atMs }) => [sql, atMs])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

it('the history of statements has at most 200 entries and 500,000 characters', () => {
  const many = Array.from({ length: 300 }, (_, n) => `SELECT ${n}`);
  const history = many.reduce<readonly HistoryEntry[]>((all, sql) => withEntry(all, entryOf(sql)), []);
  expect(history).toHaveLength(200);
  expect(history[0]?.sql).toBe('SELECT 299');
  const large = Array.from({ length: 10 }, (_, n) => `${n}${'x'.repeat(99_999)}`);
  expect(large.reduce<readonly HistoryEntry[]>((all, sql) => withEntry(all, entryOf(sql)), [])).toHaveLength(5);
});

it('a search in the history finds the statements with all words, in any case', () => {
  const entries = ['SELECT name\nFROM span', 'SELECT name FROM event', 'TABLE trace'].map((sql) => entryOf(sql));
  expect(matchingEntries(entries, 'span  Select').map(({ sql }) => sql)).toEqual(['SELECT name\nFROM span']);
  expect(matchingEntries(entries, ' ')).toHaveLength(3);
  expect(matchingEntries(entries, 'none')).toEqual([]);
});
