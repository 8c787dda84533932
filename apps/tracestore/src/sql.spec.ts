import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allOf,
  anyOf,
  constant,
  Fragment,
  integer,
  listOf,
  not,
  Parameter,
  readFragments,
  readSql,
  userSql,
} from './sql.js';

let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sql-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const moduleUrl = (): string => pathToFileURL(join(folder, 'module.js')).href;

function written(source: string): string {
  const file = `file-${(count += 1)}.sql`;
  writeFileSync(join(folder, file), source);
  return file;
}

function sql<Names extends object>(source: string, included: Parameters<typeof readSql>[2] = {}) {
  return readSql<Names>(moduleUrl(), written(source), included);
}

describe('readSql', () => {
  it('numbers values by first use and sends each name once', () => {
    const statement = sql<{ a: number; b: string }>(
      "-- Returns a row.\n-- :'a'  a number\n-- :'b'  a text\nSELECT :'b'::text, :'a'::int4, :'b';\n",
    );
    expect(statement.bind({ a: 1, b: 'x' })).toEqual({ text: 'SELECT $1::text, $2::int4, $1', values: ['x', 1] });
    expect(statement.values({ a: 1, b: 'x' })).toEqual(['x', 1]);
    expect(statement.text).toBe('SELECT $1::text, $2::int4, $1');
  });

  it('names the statement after its file', () => {
    expect(sql('SELECT 1').name).toMatch(/^file-\d+$/);
  });

  it('passes NULL, false and 0 as values', () => {
    const statement = sql<{ a: null; b: boolean; c: number }>(
      "-- Returns a row.\n-- :'a'  one\n-- :'b'  two\n-- :'c'  three\nSELECT :'a', :'b', :'c'",
    );
    expect(statement.bind({ a: null, b: false, c: 0 }).values).toEqual([null, false, 0]);
  });

  it.each([
    ['a cast', 'SELECT a::int8', 'SELECT a::int8'],
    ['a string', "SELECT ':a', 'it''s :b', E'\\':c', a::text || ':''d'''", undefined],
    ['a quoted identifier', 'SELECT ":a", "b "":c"" "', undefined],
    ['a dollar quote', "DO $$ BEGIN x := ':a'; :b END $$", undefined],
    ['a dollar quote with a tag', 'DO $a$ $$ :b $1 $$ $a$', undefined],
    ['a slice of an array', 'SELECT a[1:2]', undefined],
    ['an assignment', 'CALL f(a := 1)', undefined],
    ['an identifier with a dollar sign', 'SELECT a$b$c', undefined],
    ['comments', "SELECT 1 -- it's :a $1\n  /* :b */ + 1\n-- :c\nFROM t", 'SELECT 1\n   + 1\nFROM t'],
    ['the last semicolon', 'SELECT 1;\n', 'SELECT 1'],
    ['several statements', 'BEGIN;\nCOMMIT;', 'BEGIN;\nCOMMIT'],
  ])('leaves %s as it is, without comments', (_, source, text = source) => {
    expect(sql(source).bind()).toEqual({ text, values: [] });
  });

  it('quotes identifiers', () => {
    const statement = sql<{ t: string }>('-- Drops a table.\n-- :"t"  the table\nDROP TABLE s.:"t"');
    expect(statement.bind({ t: 'a"; DROP' }).text).toBe('DROP TABLE s."a""; DROP"');
    for (const bad of ['', 'a\0b', 'ä'.repeat(32)]) expect(() => statement.bind({ t: bad })).toThrow('an identifier');
  });

  it('puts fragments in, indented, and renumbers their values', () => {
    const condition = sql<{ x: number }>("-- A condition.\n-- :'x'  a number\na = :'x'\nAND b = :'x'");
    const statement = sql<{ x: number; condition: Fragment }>(
      "-- Returns rows.\n-- :'x'  a number\n-- :condition  a condition\nSELECT :'x'\nFROM t\n  WHERE :condition",
    );
    expect(statement.bind({ x: 1, condition: condition.fragment({ x: 2 }) })).toEqual({
      text: 'SELECT $1\nFROM t\n  WHERE a = $2\n  AND b = $2',
      values: [1, 2],
    });
  });

  it('sends a shared parameter once', () => {
    const condition = sql<{ x: Parameter }>("-- A condition.\n-- :'x'  a number\na = :'x'");
    const statement = sql<{ y: Parameter; condition: Fragment }>(
      "-- Returns rows.\n-- :'y'  a number\n-- :condition  a condition\nSELECT :'y' WHERE :condition",
    );
    const shared = new Parameter(7);
    expect(statement.bind({ y: shared, condition: condition.fragment({ x: shared }) })).toEqual({
      text: 'SELECT $1 WHERE a = $1',
      values: [7],
    });
  });

  it('includes a file, whose names become names of the statement', () => {
    const range = sql<{ min: number }>("-- A range.\n-- :'min'  the least\na > :'min'");
    const statement = sql<{ min: number }>(
      "-- Returns rows.\n-- :'min'  the least\n-- :range  it\nSELECT :'min' WHERE :range",
      {
        range,
      },
    );
    expect(statement.bind({ min: 3 })).toEqual({ text: 'SELECT $1 WHERE a > $1', values: [3] });
    expect(() => sql('SELECT 1', { range })).toThrow('the fragment range is not used');
  });

  it.each([
    ['an unknown name', { a: 1, b: 2 }, 'the name b is unknown'],
    ['a missing name', {}, 'the name a is missing'],
    ['an undefined value', { a: undefined }, 'the name a is missing'],
    ['a mistyped name', { A: 1 }, 'the name a is missing'],
    ['a fragment for a value', { a: new Fragment(['1']) }, 'must be a value, not a fragment'],
  ])('throws for %s in a call', (_, names, message) => {
    const statement = sql<object>("-- Returns a row.\n-- :'a'  a number\nSELECT :'a'");
    const bind = statement.fragment.bind(statement) as (given: object) => unknown;
    expect(() => bind(names)).toThrow(message);
  });

  it('throws for a text in the place of a fragment', () => {
    const statement = sql<{ part: Fragment }>('-- Returns a row.\n-- :part  it\nSELECT :part');
    expect(() => statement.bind({ part: '1' as unknown as Fragment })).toThrow(':part must be a fragment');
  });

  it('writes values as literals for commands that take no parameters', () => {
    const names = "-- Sets a setting.\n-- :'a'  a number\n-- :'b'  a text\n-- :'c'  nothing\n";
    const script = sql<{ a: number; b: string; c: unknown }>(
      `${names}SET a = :'a'; COPY (SELECT :'b', :'c') TO STDOUT`,
    );
    expect(script.bindLiterals({ a: 5, b: "it's \\", c: null })).toEqual({
      text: "SET a = '5'; COPY (SELECT  E'it''s \\\\', NULL) TO STDOUT",
      values: [],
    });
    expect(script.bindLiterals({ a: 5, b: '', c: ['a"b', "it's", '\\'] }).text).toContain(
      String.raw` E'{"a\\"b","it''s","\\\\"}'`,
    );
    expect(() => script.bindLiterals({ a: 5, b: '', c: {} })).toThrow('cannot be written as a literal');
  });

  it.each([
    ['a name without a description', "SELECT :'a'", ":'a' is not described"],
    [
      'a description without a name',
      "-- Returns a row.\n-- :'a'  a number\nSELECT 1",
      ":'a' is described and not used",
    ],
    ['a mistyped name', '-- Returns a row.\n-- :limit  a number\nSELECT :limti', ':limti is not described'],
    ['two descriptions', "-- :'a'  one\n-- :'a'  two\nSELECT :'a'", 'described twice'],
    ['two kinds of a name', "-- :'a'  one\n-- :a  two\nSELECT :'a', :a", 'two kinds'],
    ['a positional parameter', 'SELECT $1', '$1 must be a parameter with a name'],
    ['a name in capitals', "SELECT :'Limit'", 'must be a name of lower-case letters'],
    ['a quote without an end', "SELECT 'a", 'has no end'],
    ['a dollar quote without an end', 'SELECT $$ a', 'has no end'],
    ['a comment without an end', 'SELECT /* a', 'has no end'],
  ])('throws for %s in a file', (_, source, message) => {
    expect(() => sql(source)).toThrow(message);
  });
});

describe('readFragments', () => {
  const file = "-- Conditions.\n-- :'x'  a number\n\n-- name: a\n-- First.\na = :'x'\n-- name: b.c\nb\n";

  it('reads fragments by name', () => {
    const fragments = readFragments<{ a: { x: number }; 'b.c': object }>(moduleUrl(), written(file), ['a', 'b.c']);
    expect(fragments.a.bind({ x: 1 })).toEqual({ text: 'a = $1', values: [1] });
    expect(fragments['b.c'].text).toBe('b');
  });

  it.each([
    ['is missing', ['a', 'b.c', 'd'], file, 'the fragment d is missing'],
    ['is not used', ['a'], file, 'the fragment b.c is not used'],
    ['comes twice', ['a', 'b.c'], `${file}-- name: a\n1\n`, 'comes twice'],
    ['is empty', ['a', 'b.c'], file.replace('\nb\n', '\n-- nothing\n'), 'is empty'],
    ['has a name without a description', ['a', 'b.c'], file.replace('\nb\n', '\n:d\n'), ':d is not described'],
  ])('throws when a fragment %s', (_, names, source, message) => {
    expect(() => readFragments(moduleUrl(), written(source), names)).toThrow(message);
  });
});

describe('fragments', () => {
  const text = (fragment: Fragment): string =>
    sql<{ part: Fragment }>('-- Returns a row.\n-- :part  it\nSELECT :part').bind({ part: fragment }).text.slice(7);
  const [a, b] = [new Fragment(['a']), new Fragment(['b'])];

  it('are combined in brackets', () => {
    expect(text(allOf([a, anyOf([a, b])]))).toBe('(a AND (a OR b))');
    expect(text(not(allOf([a, b])))).toBe('NOT (a AND b)');
    expect(text(allOf([a]))).toBe('a');
    expect(text(allOf([]))).toBe('true');
    expect(text(anyOf([]))).toBe('false');
    expect(text(constant(false))).toBe('false');
    expect(text(listOf([a, b]))).toBe('a, b');
  });

  it('are written on several lines when they are long', () => {
    const long = new Fragment(['x'.repeat(120)]);
    expect(text(allOf([a, long]))).toBe(`(\n  a\n  AND ${'x'.repeat(120)}\n)`);
  });

  it('keep the lines of a text that a user wrote', () => {
    const statement = sql<{ statement: Fragment }>('-- Returns rows.\n-- :statement  it\n  (\n  :statement\n)');
    expect(statement.bind({ statement: userSql("SELECT '\n'") }).text).toBe("(\n  SELECT '\n'\n)");
  });

  it('have no integers that are not integers', () => {
    expect(text(integer(5))).toBe('5');
    expect(() => integer(1.5)).toThrow('1.5 is not an integer');
  });
});
