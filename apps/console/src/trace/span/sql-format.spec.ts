import { describe, expect, it } from 'vitest';
import { formatSql } from './sql-format.ts';

const textOf = (sql: string) =>
  formatSql(sql)
    .map(({ text }) => text)
    .join('');

describe('formatSql', () => {
  it('writes each clause on its own line and indents subqueries', () => {
    expect(
      textOf(
        `SELECT o.id, count(*) FROM orders o LEFT OUTER JOIN (SELECT id FROM item WHERE price > 5) i ON i.id = o.item ` +
          `WHERE o.at BETWEEN $1 AND $2 AND o.name = 'a  FROM b' GROUP BY o.id ORDER BY 2 DESC LIMIT 10`,
      ),
    ).toBe(`SELECT o.id, count(*)
FROM orders o
LEFT OUTER JOIN (
  SELECT id
  FROM item
  WHERE price > 5
) i
  ON i.id = o.item
WHERE o.at BETWEEN $1 AND $2
  AND o.name = 'a  FROM b'
GROUP BY o.id
ORDER BY 2 DESC
LIMIT 10`);
  });

  it('keeps the layout of a statement with line breaks', () => {
    const sql = 'select 1\n   from  t';
    expect(textOf(sql)).toBe(sql);
  });

  it('colors keywords, strings and numbers', () => {
    const kinds = new Map(formatSql(`SELECT "a b", 'c', 5 -- all`).map(({ text, kind }) => [text, kind]));
    expect(kinds.get('SELECT')).toBe('keyword');
    expect(kinds.get(`'c'`)).toBe('string');
    expect(kinds.get('5')).toBe('number');
    expect(kinds.get('-- all')).toBe('comment');
  });

  it.each([`SELECT * FROM t WHERE name = 'unfinished`, 'SELEC )( ;;', '', 'UPDATE t SET a = 1 RETURNING a'])(
    'loses nothing but spaces of %j',
    (sql) => {
      expect(textOf(sql).replaceAll(/\s/g, '')).toBe(sql.replaceAll(/\s/g, ''));
    },
  );
});
