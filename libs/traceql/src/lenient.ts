/** Queries that are not finished yet, as an editor sends them while their author types. */
import type { Query } from './ast.js';
import { type Token, tokenize } from './lexer.js';
import { bareIntrinsics } from './names.js';
import { parseTokens } from './parser.js';
import { simplifyQuery } from './simplify.js';
import { validateQuery } from './validate.js';

const comparisons: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=', '=~', '!~']);
const closers: ReadonlySet<string> = new Set(['}', ')', '&&', '||']);
const openers: Readonly<Record<string, string>> = { '{': '}', '(': ')' };

/**
 * As `parseQuery`, but a comparison without its right side (`{ .a = 1 && name = }`) is `true`, and braces and
 * parentheses that are not closed end with the text.
 *
 * @throws {TraceqlError} if the query is wrong in another way
 */
export function parseLenientQuery(text: string): Query {
  const query = parseTokens(text, closeBrackets(completeComparisons(tokenize(text))));
  return { ...query, extensions: validateQuery(text, simplifyQuery(query)) };
}

function completeComparisons(tokens: readonly Token[]): readonly Token[] {
  const completed: Token[] = [];
  for (const [index, token] of tokens.entries()) {
    const last = completed.at(-1);
    const beforeLast = completed.at(-2);
    completed.push(token);
    if (token.type !== 'punctuation' || !comparisons.has(token.text) || last === undefined) continue;
    const following = tokens[index + 1];
    if (following === undefined || !endsOperand(following)) continue;
    const isScoped = last.type === 'keyword' && beforeLast?.type === 'scope';
    if (last.type !== 'attribute' && !isScoped && !(last.type === 'keyword' && bareIntrinsics.has(last.text))) continue;
    const { from } = isScoped ? beforeLast : last;
    completed.splice(isScoped ? -3 : -2, isScoped ? 3 : 2, { type: 'keyword', text: 'true', from, to: token.to });
  }
  return completed;
}

function endsOperand(token: Token): boolean {
  return token.type === 'end' || (token.type === 'punctuation' && closers.has(token.text));
}

function closeBrackets(tokens: readonly Token[]): readonly Token[] {
  const open: string[] = [];
  for (const token of tokens) {
    if (token.type !== 'punctuation') continue;
    const closer = openers[token.text];
    if (closer !== undefined) open.push(closer);
    else if (token.text === open.at(-1)) open.pop();
  }
  const end = tokens.at(-1);
  if (end === undefined) return tokens;
  const { from, to } = end;
  const added = open.toReversed().map((text): Token => ({ type: 'punctuation', text, from, to }));
  return [...tokens.slice(0, -1), ...added, end];
}
