import { expect, it } from 'vitest';
import { positionOf, splitStatements } from './sql-statements.ts';

const texts = (script: string) => splitStatements(script).map(({ text }) => text);

it('splits at semicolons and leaves out what is empty or only a comment', () => {
  expect(texts('select 1; select 2 ;\n-- done;\n/* really; */ ;')).toEqual(['select 1', 'select 2']);
  expect(texts('')).toEqual([]);
});

it.each([
  ["select ';' || 'it''s;'"],
  [String.raw`select E'a\';b'`],
  ['select 1 as "a;""b;"'],
  ['do $$ begin perform 1; end $$'],
  ['select $a$ ; $b$ ; $$ ; $a$'],
  ['select 1 -- one; and only\n + 1'],
  ['select 1 /* a; b */ + 1'],
])('keeps %j together', (statement) => {
  expect(texts(`${statement};select 2`)).toEqual([statement, 'select 2']);
});

it('knows where a statement begins', () => {
  const script = '-- a\nselect 1;\n\n  select 2';
  const [, second] = splitStatements(script);
  expect(second?.text).toBe('select 2');
  expect(positionOf(script, second?.offset ?? 0)).toEqual({ line: 4, column: 3 });
});
