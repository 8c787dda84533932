import { PostgreSQL } from '@codemirror/lang-sql';
import type { Token } from './token.ts';

/** Keywords that begin a new line, unless one of `joined` comes before them. */
const clauses: ReadonlySet<string> = new Set(
  (
    'SELECT FROM WHERE GROUP ORDER HAVING LIMIT OFFSET UNION INTERSECT EXCEPT JOIN LEFT RIGHT INNER FULL CROSS NATURAL ' +
    'SET VALUES RETURNING WINDOW FETCH FOR'
  ).split(' '),
);
/** Keywords that begin an indented line. */
const conditions: ReadonlySet<string> = new Set(['AND', 'OR', 'ON']);
/** After these a clause goes on: LEFT OUTER JOIN, INSERT … SELECT, DELETE FROM, DO UPDATE SET. */
const joined: ReadonlySet<string> = new Set(
  'LEFT RIGHT INNER FULL CROSS NATURAL OUTER DELETE DISTINCT UPDATE'.split(' '),
);

const kinds: Readonly<Record<string, Token['kind']>> = {
  Keyword: 'keyword',
  Type: 'keyword',
  Builtin: 'keyword',
  Bool: 'keyword',
  Null: 'keyword',
  String: 'string',
  QuotedIdentifier: 'name',
  Number: 'number',
  LineComment: 'comment',
  BlockComment: 'comment',
};

/** Format an SQL statement: each clause on its own line, subqueries indented. A text with line breaks keeps its layout. */
export function formatSql(text: string): readonly Token[] {
  const tokens = tokensOf(text);
  return /\n/.test(text.trim()) ? tokens : laidOut(tokens);
}

/** The statement as tokens, with all spaces. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let end = 0;
  PostgreSQL.language.parser.parse(text).iterate({
    enter: (node) => {
      if (node.node.firstChild !== null || node.to <= node.from || node.from < end) return;
      if (node.from > end) tokens.push({ text: text.slice(end, node.from), kind: 'plain' });
      tokens.push({ text: text.slice(node.from, node.to), kind: kinds[node.name] ?? 'plain' });
      end = node.to;
    },
  });
  if (end < text.length) tokens.push({ text: text.slice(end), kind: 'plain' });
  return tokens;
}

function laidOut(tokens: readonly Token[]): readonly Token[] {
  const result: Token[] = [];
  /** For each open parenthesis, whether it has a subquery. */
  const open: boolean[] = [];
  let before = '';
  let isBetween = false;
  const newLine = (indent: number): void => {
    const depth = open.filter(Boolean).length;
    if (result.at(-1)?.text.trim() === '') result.pop();
    if (result.length > 0) result.push({ text: `\n${'  '.repeat(depth + indent)}`, kind: 'plain' });
  };
  for (const [n, token] of tokens.entries()) {
    if (token.text.trim() === '') {
      const isAtStart = result.length === 0 || result.at(-1)?.text.startsWith('\n') === true;
      if (!isAtStart) result.push({ text: ' ', kind: 'plain' });
      continue;
    }
    const word = token.kind === 'keyword' ? token.text.toUpperCase() : token.text;
    if (word === '(') {
      const next = tokens
        .slice(n + 1, n + 3)
        .find(({ text }) => text.trim() !== '')
        ?.text.toUpperCase();
      open.push(next === 'SELECT' || next === 'WITH');
      result.push(token);
      if (open.at(-1) === true) newLine(0);
    } else if (word === ')') {
      const isSubquery = open.pop() === true;
      if (isSubquery) newLine(0);
      result.push(token);
    } else {
      // A parenthesis without a subquery, such as the arguments of a function, stays on its line.
      const canBreak = token.kind === 'keyword' && open.at(-1) !== false && before !== '(';
      if (canBreak && clauses.has(word) && !joined.has(before)) newLine(0);
      else if (canBreak && conditions.has(word) && !(word === 'AND' && isBetween)) newLine(1);
      if (word === 'BETWEEN') isBetween = true;
      else if (word === 'AND') isBetween = false;
      result.push(token);
    }
    before = word;
  }
  return result;
}
