/** What is computed for one span: the part of the grammar within braces and in the arguments of functions. */
import type { Attribute, Binary, BinaryOperator, FieldExpression, Intrinsic, Literal, Static } from './ast.js';
import { bareIntrinsics, type IntrinsicName, scopedIntrinsics, spanKinds, spanStatuses } from './names.js';
import { maxRegexSize } from './limits.js';
import { comparisonPrecedence, notPrecedence, precedenceOf, sumPrecedence } from './precedence.js';
import { regexSize } from './regex-size.js';
import type { TokenStream } from './token-stream.js';
import type { TreeDepth } from './tree-depth.js';

const constants: ReadonlyMap<string, Static> = new Map<string, Static>([
  ['true', { type: 'bool', value: true }],
  ['false', { type: 'bool', value: false }],
  ['nil', { type: 'nil' }],
  ['minInt', { type: 'int', value: -(2n ** 63n) }],
  ['maxInt', { type: 'int', value: 2n ** 63n - 1n }],
  ...spanStatuses.map((value) => [value, { type: 'status', value }] as const),
  ...spanKinds.map((value) => [value, { type: 'kind', value }] as const),
]);

export class FieldParser {
  readonly #tokens: TokenStream;
  readonly #depth: TreeDepth;
  #regexSize = 0;

  constructor(tokens: TokenStream, depth: TreeDepth) {
    this.#tokens = tokens;
    this.#depth = depth;
  }

  /** Reads an expression whose operators bind at least as tightly as `precedence`. */
  parseExpression(precedence = 0): FieldExpression {
    const { from } = this.#tokens.current;
    let left = this.#operand();
    for (;;) {
      const operator = this.#tokens.symbol ?? '';
      const level = operator === '!' ? undefined : precedenceOf(operator);
      if (level === undefined || level < precedence) return left;
      this.#tokens.next();
      // `x = nil` asks whether x is absent; `x < nil` is not in the grammar.
      const right =
        (operator === '=' || operator === '!=') && this.#tokens.symbol === 'nil'
          ? this.#literal({ type: 'nil' })
          : this.#right(operator, level);
      if (operator === '=~' || operator === '!~') this.#countRegex(right);
      left = this.#binary(from, operator as BinaryOperator, left, right);
    }
  }

  /** Reads one attribute or intrinsic. */
  parseField(): Attribute | Intrinsic {
    const field = this.#field();
    if (field === undefined) throw this.#tokens.unexpected();
    return field;
  }

  /** Reads a constant that is not `nil`; undefined if there is none. */
  parseStatic(): Static | undefined {
    const token = this.#tokens.current;
    if (token.type === 'int' || token.type === 'float' || token.type === 'duration' || token.type === 'string') {
      this.#tokens.next();
      // The union of tokens is wider than that of constants.
      return { type: token.type, value: token.value } as Static;
    }
    const constant = constants.get(this.#tokens.symbol ?? '');
    if (constant === undefined || constant.type === 'nil') return undefined;
    this.#tokens.next();
    return constant;
  }

  /** Keeps regular expressions within their bound before constants are computed with them. */
  #countRegex(pattern: FieldExpression): void {
    if (pattern.node !== 'literal' || pattern.value.type !== 'string') return;
    this.#regexSize += regexSize(pattern.value.value);
    if (this.#regexSize > maxRegexSize)
      throw this.#tokens.error(
        `the regular expressions of the query have more than ${maxRegexSize} states`,
        pattern,
        'limit',
      );
  }

  #right(operator: string, level: number): FieldExpression {
    // `^` groups from the right, all others from the left.
    return operator === '^' ? this.#depth.nest(() => this.parseExpression(level)) : this.parseExpression(level + 1);
  }

  #operand(): FieldExpression {
    const tokens = this.#tokens;
    const { from } = tokens.current;
    if (tokens.symbol === '(')
      return this.#depth.nest(() => {
        tokens.next();
        const inner = this.parseExpression();
        if (!tokens.accept(')')) throw tokens.unexpected();
        return inner;
      });
    const operator = tokens.symbol;
    if (operator === '-' || operator === '!')
      return this.#depth.nest(() => {
        tokens.next();
        const operand = this.parseExpression((operator === '-' ? sumPrecedence : notPrecedence) + 1);
        return this.#depth.parent({ node: 'unary', operator, operand, from, to: tokens.lastEnd } as const, operand);
      });
    if (operator === 'nil') return this.#absence();
    const field = this.#field();
    if (field !== undefined) return field;
    const value = this.parseStatic();
    if (value !== undefined) return { node: 'literal', value, from, to: tokens.lastEnd };
    const token = tokens.current;
    throw token.type === 'identifier' ? tokens.error(`unknown identifier: ${token.text}`) : tokens.unexpected();
  }

  /** Reads `nil = x` or `nil != x`. */
  #absence(): FieldExpression {
    const nil = this.#literal({ type: 'nil' });
    const operator = this.#tokens.symbol;
    if (operator !== '=' && operator !== '!=') throw this.#tokens.unexpected('=', '!=');
    this.#tokens.next();
    const right =
      this.#tokens.symbol === 'nil' ? this.#literal({ type: 'nil' }) : this.parseExpression(comparisonPrecedence + 1);
    return this.#binary(nil.from, operator, nil, right);
  }

  #literal(value: Static): Literal {
    const { from, to } = this.#tokens.next();
    return { node: 'literal', value, from, to };
  }

  #binary(from: number, operator: BinaryOperator, left: FieldExpression, right: FieldExpression): Binary {
    return this.#depth.parent({ node: 'binary', operator, left, right, from, to: this.#tokens.lastEnd }, left, right);
  }

  #field(): Attribute | Intrinsic | undefined {
    const tokens = this.#tokens;
    const token = tokens.current;
    if (token.type === 'attribute') {
      tokens.next();
      const { scope, name, ofParent, from, to } = token;
      return { node: 'attribute', scope, name, ofParent, from, to };
    }
    if (token.type === 'scope') {
      tokens.next();
      const names = scopedIntrinsics[token.text] ?? {};
      const symbol = tokens.symbol ?? '';
      const name = Object.hasOwn(names, symbol) ? names[symbol] : undefined;
      const expected = Object.keys(names);
      // As in Tempo, a list of more than four words is left out.
      if (name === undefined) throw tokens.unexpected(...(expected.length > 4 ? [] : expected));
      return { node: 'intrinsic', name, from: token.from, to: tokens.next().to };
    }
    if (token.type !== 'keyword' || !bareIntrinsics.has(token.text)) return undefined;
    tokens.next();
    return { node: 'intrinsic', name: token.text as IntrinsicName, from: token.from, to: token.to };
  }
}
