/** From text to tokens, in linear time. */
import type { AttributeScope } from './names.js';
import { attributeScopes, keywords, scopedIntrinsics } from './names.js';
import type { Range } from './ast.js';
import { parseDuration } from './duration.js';
import { maxQueryBytes, maxTokens } from './limits.js';
import { TraceqlError } from './traceql-error.js';

/** A word, number, name or operator of a query. */
export type Token = Range &
  (
    | { readonly type: 'punctuation' | 'keyword' | 'identifier'; readonly text: string }
    | { readonly type: 'scope'; readonly text: string }
    | { readonly type: 'attribute'; readonly scope: AttributeScope; readonly ofParent: boolean; readonly name: string }
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'int'; readonly value: bigint }
    | { readonly type: 'float'; readonly value: number }
    | { readonly type: 'duration'; readonly value: bigint }
    | { readonly type: 'end' }
  );

/** Operators, longer ones first. */
const operators = [
  ...'!>> !<< &>> &<<'.split(' '),
  ...'>> << && || != !~ =~ >= <= !> !< &> &< &~'.split(' '),
  ...'{ } ( ) , | = < > ! + - * / % ^ ~'.split(' '),
];
const operatorsByFirst = Map.groupBy(operators, (operator) => operator.charAt(0));

const space = /\s/u;
const wordStart = /[\p{L}_]/u;
const word = /[\p{L}\p{Nd}_]+/uy;
const number = /(?:0[xX][\da-fA-F_]*|(?:\d[\d_]*)?\.?\d*(?:[eE][+-]?\d+)?)/y;
const durationRest = /[\p{N}.nuµμmshdwy]{0,64}/uy;
/** What a name has outside of quotes: all but white space and the characters of operators. */
const bareName = /[^\s{}()=~!<>&|^,"]+/uy;
const maxInt64 = 2n ** 63n - 1n;
const utf8 = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Splits a query into tokens; the last one is the end.
 *
 * @throws {TraceqlError} at a text that is not closed, a wrong escape, a number that does not fit, beyond a limit
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  if (text.length > maxQueryBytes || encoder.encode(text).length > maxQueryBytes)
    throw fail('limit', `the query has more than ${maxQueryBytes} bytes`, 0, text.length);
  for (;;) {
    skipSpace();
    if (tokens.length >= maxTokens)
      throw fail('limit', `the query has more than ${maxTokens} words and operators`, at, text.length);
    if (at >= text.length) {
      tokens.push({ type: 'end', from: text.length, to: text.length });
      return tokens;
    }
    tokens.push(next());
  }

  function next(): Token {
    const from = at;
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === '"' || character === '`') {
      const value = character === '"' ? quoted() : raw();
      return { type: 'string', value, from, to: at };
    }
    if (/\d/.test(character) || (character === '.' && /\d/.test(text.charAt(at + 1)))) return numeric(from);
    if (character === '.') {
      at += 1;
      return attribute(from, 'any', false);
    }
    if (wordStart.test(character)) return name(from);
    const operator = operatorsByFirst.get(character)?.find((candidate) => text.startsWith(candidate, at));
    at += (operator ?? character).length;
    return operator === undefined
      ? { type: 'identifier', text: character, from, to: at }
      : { type: 'punctuation', text: operator, from, to: at };
  }

  function name(from: number): Token {
    const found = take(word);
    const following = text.charAt(at);
    if (following === '.' && found === 'parent') {
      at += 1;
      for (const [prefix, scope] of attributeScopes)
        if (text.startsWith(`${prefix}.`, at) && (scope === 'span' || scope === 'resource')) {
          at += prefix.length + 1;
          return attribute(from, scope, true);
        }
      return attribute(from, 'any', true);
    }
    const scope = attributeScopes.get(found);
    if (following === '.' && scope !== undefined) {
      at += 1;
      return attribute(from, scope, false);
    }
    if (following === ':' && Object.hasOwn(scopedIntrinsics, found)) {
      at += 1;
      return { type: 'scope', text: found, from, to: at };
    }
    return { type: keywords.has(found) ? 'keyword' : 'identifier', text: found, from, to: at };
  }

  /** Reads the name after a scope. */
  function attribute(from: number, scope: AttributeScope, ofParent: boolean): Token {
    const parts: string[] = [];
    const start = at;
    for (;;) {
      if (text.charAt(at) === '"') {
        parts.push(quotedPart(from));
        continue;
      }
      const part = take(bareName);
      if (part === '') break;
      parts.push(part);
    }
    if (at === start) throw fail('syntax', 'syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER', from, at);
    return { type: 'attribute', scope, ofParent, name: parts.join(''), from, to: at };
  }

  /** Reads a quoted part of a name: `\"` and `\\` are its only escapes. */
  function quotedPart(from: number): string {
    let value = '';
    let start = at + 1;
    for (let index = start; index < text.length; index += 1) {
      const character = text.charAt(index);
      if (character === '"') {
        at = index + 1;
        return value + text.slice(start, index);
      }
      if (character !== '\\') continue;
      const escaped = text.charAt(index + 1);
      if (escaped === '') break;
      if (escaped !== '"' && escaped !== '\\') throw fail('syntax', 'invalid escape sequence', index, index + 2);
      value += text.slice(start, index) + escaped;
      start = index + 2;
      index += 1;
    }
    throw fail('syntax', 'unexpected EOF, expecting "', from, text.length);
  }

  function numeric(from: number): Token {
    const digits = take(number);
    const [octal] = /^0\d*$/.test(digits) ? (/[89]/.exec(digits) ?? []) : [];
    if (octal !== undefined) throw fail('syntax', `invalid digit '${octal}' in octal literal`, from, at);
    const rest = digits.length > 30 ? '' : peek(durationRest);
    if (rest !== '') {
      const duration = parseDuration(digits + rest);
      if (duration !== undefined) {
        at += rest.length;
        return { type: 'duration', value: duration, from, to: at };
      }
    }
    if (/^0[xX]/.test(digits) || digits.includes('_'))
      throw fail('syntax', `strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`, from, at);
    if (/[.eE]/.test(digits)) {
      const value = Number(digits);
      if (!Number.isFinite(value))
        throw fail('syntax', `strconv.ParseFloat: parsing ${JSON.stringify(digits)}: value out of range`, from, at);
      return { type: 'float', value, from, to: at };
    }
    if (digits.replace(/^0+/, '').length > 19 || BigInt(digits) > maxInt64)
      throw fail('syntax', `strconv.Atoi: parsing ${JSON.stringify(digits)}: value out of range`, from, at);
    return { type: 'int', value: BigInt(digits), from, to: at };
  }

  function raw(): string {
    const end = text.indexOf('`', at + 1);
    if (end < 0) throw fail('syntax', 'literal not terminated', at, text.length);
    const value = text.slice(at + 1, end);
    at = end + 1;
    return value.replaceAll('\r', '');
  }

  /** Reads a string with the escapes of Go. */
  function quoted(): string {
    const from = at;
    const parts: string[] = [];
    let bytes: number[] = [];
    let start = at + 1;
    let index = start;
    for (;;) {
      const character = text.charAt(index);
      if (character === '' || character === '\n') throw fail('syntax', 'literal not terminated', from, index);
      if (character === '"') break;
      if (character !== '\\') {
        index += 1;
        continue;
      }
      keepText(index);
      const { length, value } = escape(index);
      if (typeof value === 'number') bytes.push(value);
      else {
        keepBytes();
        parts.push(value);
      }
      index += length;
      start = index;
    }
    keepText(index);
    keepBytes();
    at = index + 1;
    return parts.join('');

    function keepText(end: number): void {
      if (end === start) return;
      keepBytes();
      parts.push(text.slice(start, end));
    }

    function keepBytes(): void {
      if (bytes.length > 0) parts.push(utf8.decode(Uint8Array.from(bytes)));
      bytes = [];
    }
  }

  /** Reads the escape at a backslash: a text, or a byte of UTF-8. */
  function escape(index: number): { readonly length: number; readonly value: string | number } {
    const letter = text.charAt(index + 1);
    const simple = simpleEscapes[letter];
    if (simple !== undefined) return { length: 2, value: simple };
    const found = codeEscape.exec(text.slice(index, index + 10));
    const [all = '', hex = '', octal = '', short = '', long = ''] = found ?? [];
    if (hex !== '') return { length: all.length, value: Number.parseInt(hex, 16) };
    if (octal !== '' && Number.parseInt(octal, 8) < 256)
      return { length: all.length, value: Number.parseInt(octal, 8) };
    const code = Number.parseInt(short || long, 16);
    if (code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff))
      return { length: all.length, value: String.fromCodePoint(code) };
    throw fail('syntax', 'invalid char escape', index, Math.min(index + 2, text.length));
  }

  function skipSpace(): void {
    for (;;) {
      while (at < text.length && space.test(text.charAt(at))) at += 1;
      if (text.startsWith('//', at)) {
        const end = text.indexOf('\n', at);
        at = end < 0 ? text.length : end;
      } else if (text.startsWith('/*', at)) {
        const end = text.indexOf('*/', at + 2);
        if (end < 0) throw fail('syntax', 'comment not terminated', at, text.length);
        at = end + 2;
      } else return;
    }
  }

  function peek(pattern: RegExp): string {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? '';
  }

  function take(pattern: RegExp): string {
    const found = peek(pattern);
    at += found.length;
    return found;
  }

  function fail(kind: 'syntax' | 'limit', problem: string, from: number, to: number): TraceqlError {
    return new TraceqlError(kind, problem, text, { from, to });
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const codeEscape = /^\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/;

/** How a message names a token. */
export function describeToken(token: Token): string {
  switch (token.type) {
    case 'punctuation':
    case 'keyword':
      return token.text;
    case 'scope':
      return `${token.text}:`;
    case 'identifier':
      return 'IDENTIFIER';
    case 'attribute':
      return token.ofParent ? 'parent.' : token.scope === 'any' ? '.' : `${token.scope}.`;
    case 'string':
      return 'STRING';
    case 'int':
      return 'INTEGER';
    case 'float':
      return 'FLOAT';
    case 'duration':
      return 'DURATION';
    case 'end':
      return '$end';
  }
}
